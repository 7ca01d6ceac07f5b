"""The form of a Grafana dashboard: panels of PromQL laid out on its grid, as the JSON that provisioning reads."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

_COLUMNS = 24
_HEIGHT = {"stat": 4, "timeseries": 8, "bargauge": 8}
_DATASOURCE = {"type": "prometheus", "uid": "${datasource}"}
# Of dashboard JSON, raised by Grafana itself when it reads an older one.
_SCHEMA_VERSION = 39


@dataclass(frozen=True, slots=True)
class Query:
    """expression: PromQL, with Grafana's `$__rate_interval`, `$__range` and the dashboard's variables. legend: with
    `{{label}}`."""

    expression: str
    legend: str = ""


@dataclass(frozen=True, slots=True)
class Panel:
    """unit: of Grafana's ids, as `s`, `bytes`, `percentunit`, `short`. width: columns of 24. description: what it tells
    and what is bad. limit: from here on it is red."""

    title: str
    description: str
    queries: Sequence[Query]
    kind: Literal["stat", "timeseries", "bargauge"] = "timeseries"
    unit: str = "short"
    width: int = 12
    limit: float | None = None
    stacked: bool = False


@dataclass(frozen=True, slots=True)
class Row:
    """A titled group of panels, in order; they wrap at the edge."""

    title: str
    panels: Sequence[Panel]


@dataclass(frozen=True, slots=True)
class Variable:
    """A choice at the top: the values of a label, all of them unless some are chosen."""

    name: str
    series: str
    label: str


@dataclass(frozen=True, slots=True)
class Dashboard:
    """uid: stable, so that links hold and provisioning replaces it."""

    uid: str
    title: str
    description: str
    variables: Sequence[Variable]
    rows: Sequence[Row]

    def rendered(self) -> dict[str, Any]:
        """What Grafana reads. The same for the same dashboard."""
        return {
            "uid": self.uid,
            "title": self.title,
            "description": self.description,
            "tags": ["afterclick"],
            "schemaVersion": _SCHEMA_VERSION,
            "editable": False,
            "graphTooltip": 1,
            "refresh": "30s",
            "time": {"from": "now-6h", "to": "now"},
            "timezone": "browser",
            "links": [
                {
                    "type": "dashboards",
                    "title": "Afterclick",
                    "tags": ["afterclick"],
                    "keepTime": True,
                    "asDropdown": False,
                }
            ],
            "templating": {"list": [_DATASOURCE_CHOICE, *map(_choice, self.variables)]},
            "panels": list(_laid_out(self.rows)),
        }


_OTHERS = {"type": "dashboards", "title": "Afterclick", "tags": ["afterclick"], "keepTime": True, "asDropdown": False}
_DATASOURCE_CHOICE = {"name": "datasource", "label": "Prometheus", "type": "datasource", "query": "prometheus"}


def _choice(variable: Variable) -> dict[str, Any]:
    query = f"label_values({variable.series}, {variable.label})"
    return {
        "name": variable.name,
        "type": "query",
        "datasource": _DATASOURCE,
        "definition": query,
        "query": {"query": query, "refId": variable.name},
        "refresh": 2,
        "sort": 3,
        "multi": True,
        "includeAll": True,
        "allValue": ".*",
        "current": {"text": "All", "value": "$__all"},
    }


def _laid_out(rows: Iterable[Row]) -> Iterable[dict[str, Any]]:
    number, top = 1, 0
    for row in rows:
        yield {
            "id": number,
            "type": "row",
            "title": row.title,
            "collapsed": False,
            "panels": [],
            "gridPos": {"x": 0, "y": top, "w": _COLUMNS, "h": 1},
        }
        number, top, left, tallest = number + 1, top + 1, 0, 0
        for panel in row.panels:
            if left + panel.width > _COLUMNS:
                top, left, tallest = top + tallest, 0, 0
            height = _HEIGHT[panel.kind]
            place = {"x": left, "y": top, "w": panel.width, "h": height}
            yield {"id": number, "gridPos": place, **_rendered(panel)}
            number, left, tallest = number + 1, left + panel.width, max(tallest, height)
        top += tallest


def _rendered(panel: Panel) -> dict[str, Any]:
    steps: list[dict[str, Any]] = [{"color": "green", "value": None}]
    if panel.limit is not None:
        steps.append({"color": "red", "value": panel.limit})
    defaults: dict[str, Any] = {"unit": panel.unit, "thresholds": {"mode": "absolute", "steps": steps}}
    if panel.kind == "timeseries":
        stacking = {"mode": "normal" if panel.stacked else "none", "group": "A"}
        style = "line" if panel.limit is not None else "off"
        fill = 30 if panel.stacked else 10
        defaults["custom"] = {"fillOpacity": fill, "stacking": stacking, "thresholdsStyle": {"mode": style}}
    return {
        "type": panel.kind,
        "title": panel.title,
        "description": panel.description,
        "datasource": _DATASOURCE,
        "fieldConfig": {"defaults": defaults, "overrides": []},
        "options": _OPTIONS[panel.kind],
        "targets": [_target(index, query, panel.kind) for index, query in enumerate(panel.queries)],
    }


_LATEST = {"calcs": ["lastNotNull"], "fields": "", "values": False}
_OPTIONS: dict[str, dict[str, Any]] = {
    "stat": {"reduceOptions": _LATEST, "colorMode": "value", "graphMode": "area"},
    "timeseries": {
        "legend": {"displayMode": "list", "placement": "bottom"},
        "tooltip": {"mode": "multi", "sort": "desc"},
    },
    "bargauge": {"reduceOptions": _LATEST, "orientation": "horizontal", "displayMode": "basic"},
}


def _target(index: int, query: Query, kind: str) -> dict[str, Any]:
    # Bars show the range as a whole, at its end.
    instant = kind == "bargauge"
    return {
        "refId": chr(ord("A") + index),
        "datasource": _DATASOURCE,
        "expr": query.expression,
        "legendFormat": query.legend or "__auto",
        "instant": instant,
        "range": not instant,
        "format": "time_series",
    }
