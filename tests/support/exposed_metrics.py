"""What workers and collectors expose, to hold rules, dashboards and documents against."""

import re
from collections.abc import Iterator
from functools import cache

from pipeline.observability.collector_metrics import COLLECTOR
from pipeline.observability.metric_table import AGENT, DEFINITIONS

# What Prometheus itself adds to a series that it scrapes.
_SCRAPED = frozenset({"job", "instance"})
_SELECTOR = re.compile(r"\b(afterclick[_:][a-z_:0-9]+)(?:\{([^}]*)\})?")
_MATCHER = re.compile(r'([a-z_]+)\s*(?:=~|!~|!=|=)\s*"')


@cache
def _series() -> dict[str, frozenset[str]]:
    found: dict[str, frozenset[str]] = {}
    for shared, definitions in (((AGENT,), DEFINITIONS), ((), COLLECTOR)):
        for each in definitions:
            labels = _SCRAPED.union(shared, each.labels)
            if each.kind != "histogram":
                found[each.full_name] = labels
                continue
            found[f"{each.full_name}_bucket"] = labels | {"le"}
            found[f"{each.full_name}_sum"] = found[f"{each.full_name}_count"] = labels
    return found


def labels_of_series(name: str) -> frozenset[str]:
    """The labels that a series has when it is scraped. Raises KeyError: nothing exposes it."""
    return _series()[name]


def selectors(expression: str) -> Iterator[tuple[str, frozenset[str]]]:
    """Each series of ours that an expression of PromQL names, and the labels by which it is selected."""
    for name, matchers in _SELECTOR.findall(expression):
        yield name, frozenset(_MATCHER.findall(matchers))
