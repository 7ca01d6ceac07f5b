"""Grafana's dashboards: the files are those of the code, every expression is PromQL over series that there are."""

import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from pipeline.observability.dashboards.__main__ import DASHBOARDS, files
from tests.deploy.checking_tools import REPOSITORY, tool
from tests.support.exposed_metrics import labels_of_series, selectors

GRAFANA = REPOSITORY / "docker/grafana"
RENDERED = [(each.uid, each.rendered()) for each in DASHBOARDS]
PANELS = [
    pytest.param(panel, id=f"{uid}: {panel['title']}")
    for uid, dashboard in RENDERED
    for panel in dashboard["panels"]
    if panel["type"] != "row"
]


def expressions(panel: Any) -> list[str]:
    """As Prometheus gets them, once Grafana has put its variables in."""
    found = []
    for target in panel["targets"]:
        text = target["expr"].replace("$__rate_interval", "5m").replace("$__range", "6h")
        found.append(text.replace("$job", "shop|other").replace("$agent", ".*"))
    return found


def test_the_files_are_what_the_code_says() -> None:
    for file, text in files().items():
        assert file.read_text(encoding="utf-8") == text, "run python -m pipeline.observability.dashboards"
    assert sorted((GRAFANA / "dashboards").iterdir()) == sorted(files())


def test_prometheus_can_read_every_expression(tmp_path: Path) -> None:
    told = [text for parameters in PANELS for text in expressions(parameters.values[0])]
    rules = [{"record": f"panel:{number}", "expr": text} for number, text in enumerate(told)]
    file = tmp_path / "panels.json"
    file.write_text(json.dumps({"groups": [{"name": "panels", "rules": rules}]}))
    assert f"{len(told)} rules found" in tool("promtool", "check", "rules", file)


@pytest.mark.parametrize("panel", PANELS)
def test_panels_name_series_and_labels_that_are_exposed(panel: Any) -> None:
    assert panel["targets"]
    for text in expressions(panel):
        found = list(selectors(text))
        assert found, text
        for series, labels in found:
            assert labels <= labels_of_series(series), series
    assert "$" not in "".join(expressions(panel)), "a variable that the dashboard does not have"


@pytest.mark.parametrize("panel", PANELS)
def test_panels_explain_themselves(panel: Any) -> None:
    assert panel["title"]
    assert panel["description"].endswith(".")
    assert panel["datasource"] == {"type": "prometheus", "uid": "${datasource}"}
    for target in panel["targets"]:
        assert target["instant"] is not target["range"]
    assert len({target["refId"] for target in panel["targets"]}) == len(panel["targets"])


@pytest.mark.parametrize(("uid", "dashboard"), RENDERED, ids=[uid for uid, _ in RENDERED])
def test_panels_lie_side_by_side_on_the_grid(uid: str, dashboard: Any) -> None:
    places = [panel["gridPos"] for panel in dashboard["panels"]]
    assert all(place["x"] >= 0 and place["x"] + place["w"] <= 24 for place in places)
    for one, other in itertools.combinations(places, 2):
        apart_across = one["x"] + one["w"] <= other["x"] or other["x"] + other["w"] <= one["x"]
        apart_down = one["y"] + one["h"] <= other["y"] or other["y"] + other["h"] <= one["y"]
        assert apart_across or apart_down, (one, other)
    assert len({panel["id"] for panel in dashboard["panels"]}) == len(dashboard["panels"])


@pytest.mark.parametrize(("uid", "dashboard"), RENDERED, ids=[uid for uid, _ in RENDERED])
def test_the_choices_at_the_top_are_those_that_expressions_use(uid: str, dashboard: Any) -> None:
    told = json.dumps(dashboard["panels"])
    names = {variable["name"] for variable in dashboard["templating"]["list"]}
    assert names == {name for name in ("datasource", "job", "agent") if f"${name}" in told or f"${{{name}}}" in told}
    for variable in dashboard["templating"]["list"]:
        if variable["type"] == "query":
            series, label = variable["definition"].removeprefix("label_values(").removesuffix(")").split(", ")
            assert label in labels_of_series(series)


def test_grafana_is_told_where_prometheus_and_the_dashboards_are() -> None:
    compose = YAML(typ="safe").load(REPOSITORY / "docker/compose.yaml")["services"]
    (source,) = YAML(typ="safe").load(GRAFANA / "provisioning/datasources/prometheus.yaml")["datasources"]
    assert source["type"] == "prometheus"
    host, port = source["url"].removeprefix("http://").split(":")
    assert port == "9090"
    assert host in compose
    (provider,) = YAML(typ="safe").load(GRAFANA / "provisioning/dashboards/afterclick.yaml")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in compose["grafana"]["volumes"])
    assert mounts["./grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./grafana/provisioning"] == "/etc/grafana/provisioning"
