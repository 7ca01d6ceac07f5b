"""Metrics of one agent's process, in the form that Prometheus reads.

The hot loop does not come here: it counts in plain integers (`pipeline.runtime.fold.Counts`), which are added once a
round. Values that are cheap to ask for are asked for when somebody scrapes, by probes.
"""

import logging
from collections.abc import Callable
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, disable_created_metrics, generate_latest

from pipeline import __version__
from pipeline.observability.metric_table import AGENT, DEFINITIONS, CounterName, Definition, GaugeName, HistogramName

log = logging.getLogger(__name__)

disable_created_metrics()  # type: ignore[no-untyped-call]


class Metrics:
    """All metrics of DEFINITIONS, each with the label `agent`. Labels are given by value, in the table's order.

    registry: one of its own unless given; nothing is ever registered globally.
    """

    def __init__(self, agent: str, registry: CollectorRegistry | None = None) -> None:
        self.agent = agent
        self._registry = registry or CollectorRegistry()
        self._families: dict[str, Any] = {each.name: self._family(each) for each in DEFINITIONS}
        self._children: dict[tuple[str, tuple[str, ...]], Any] = {}
        self._probes: list[Callable[[], None]] = []
        for each in DEFINITIONS:
            if not each.labels:
                self._child(each.name, ())
        self.set("build_info", 1, __version__)

    def add(self, name: CounterName, amount: int = 1, *labels: str) -> None:
        """Count up. Nothing happens for an amount of 0, so that labels that never occurred are not listed."""
        if amount:
            self._child(name, labels).inc(amount)

    def set(self, name: GaugeName, value: float, *labels: str) -> None:
        self._child(name, labels).set(value)

    def observe(self, name: HistogramName, value: float, *labels: str) -> None:
        self._child(name, labels).observe(value)

    def forget(self, name: GaugeName) -> None:
        """Drop all values of a gauge: of partitions that are not ours any more."""
        self._families[name].clear()
        self._children = {key: child for key, child in self._children.items() if key[0] != name}

    def probe(self, ask: Callable[[], None]) -> None:
        """Have `ask` called before each exposition, on the scraping thread, to set what is known only then."""
        self._probes.append(ask)

    def text(self) -> bytes:
        """The exposition, text format 0.0.4. A probe that fails takes only its own values away."""
        for ask in self._probes:
            try:
                ask()
            except Exception as error:
                log.warning("A metrics probe failed: %s", type(error).__name__)
        return generate_latest(self._registry)

    def _family(self, each: Definition) -> Any:
        labels = (AGENT, *each.labels)
        help_text = f"{each.meaning} Unit: {each.unit}."
        if each.kind == "histogram":
            return Histogram(each.full_name, help_text, labels, registry=self._registry, buckets=each.buckets)
        kind = Counter if each.kind == "counter" else Gauge
        return kind(each.full_name, help_text, labels, registry=self._registry)

    def _child(self, name: str, labels: tuple[str, ...]) -> Any:
        child = self._children.get((name, labels))
        if child is None:
            child = self._children[name, labels] = self._families[name].labels(self.agent, *labels)
        return child
