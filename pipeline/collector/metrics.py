"""What the collector counts. Labels are of a few fixed words: nothing of a request's."""

from collections.abc import Callable, Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from pipeline.observability.collector_metrics import COLLECTOR
from pipeline.observability.metric_table import CollectorName, Definition

_DEFINITIONS: Mapping[str, Definition] = {each.name: each for each in COLLECTOR}


class Metrics:
    """registry: to be served."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = self._counter("collector_requests_total")
        self.events = self._counter("collector_events_total")
        self.oversize = self._counter("collector_oversize_total")
        self._refused = self._counter("collector_connections_refused_total")
        seconds = _DEFINITIONS["collector_request_seconds"]
        self.seconds = Histogram(
            seconds.full_name, seconds.meaning, seconds.labels, buckets=seconds.buckets, registry=self.registry
        )

    def refuse(self, reason: str) -> None:
        """A connection was closed by a bound."""
        self._refused.labels(reason).inc()

    def watch(self, name: CollectorName, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        gauge = _DEFINITIONS[name]
        Gauge(gauge.full_name, gauge.meaning, registry=self.registry).set_function(read)

    def _counter(self, name: CollectorName) -> Counter:
        counter = _DEFINITIONS[name]
        return Counter(counter.full_name, counter.meaning, counter.labels, registry=self.registry)
