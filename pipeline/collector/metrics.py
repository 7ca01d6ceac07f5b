"""What the collector counts. Labels are of a few fixed words: nothing of a request's."""

from collections.abc import Callable

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """registry: to be served."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        name = "afterclick_collector_"
        self.requests = Counter(f"{name}requests", "Requests answered.", ("format", "status"), registry=self.registry)
        self.events = Counter(f"{name}events", "Events acknowledged.", ("format",), registry=self.registry)
        self.oversize = Counter(
            f"{name}oversize", "Events of batches left out for being larger than 32 KB.", ("format",),
            registry=self.registry,
        )  # fmt: skip
        self.seconds = Histogram(
            f"{name}request_seconds", "From a request's headers to its answer.", ("format",), buckets=_SECONDS,
            registry=self.registry,
        )  # fmt: skip
        self._prefix = name

    def watch(self, name: str, meaning: str, read: Callable[[], float]) -> None:
        """A gauge that is read when it is asked for."""
        Gauge(self._prefix + name, meaning, registry=self.registry).set_function(read)
