"""How far the worker is behind, as its own metrics say."""

import contextlib
import socket
from http.client import HTTPConnection, HTTPException
from threading import Event, Thread

from prometheus_client.parser import text_string_to_metric_families

LAG = "afterclick_source_lag_records"

_INTERVAL = 1.0
_ANSWER = 2.0


class WorkerWatch:
    """Asks every second, on a thread of its own, so that a busy worker never stops the view.

    lag: source records not taken yet, of both agents; None = not known (not ready, or it does not answer).
    """

    def __init__(self, host: str, port: int) -> None:
        self.lag: int | None = None
        self._address = host, port
        self._over = Event()
        self._thread = Thread(target=self._run, name="worker-watch", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._over.set()
        self._thread.join(_ANSWER + 1)

    def _run(self) -> None:
        while not self._over.wait(_INTERVAL):
            try:
                self.lag = lag_of(self._metrics())
            except (OSError, HTTPException, ValueError):
                self.lag = None

    def _metrics(self) -> str:
        connection = HTTPConnection(*self._address, timeout=_ANSWER)
        with contextlib.closing(connection):
            connection.request("GET", "/metrics")
            return connection.getresponse().read().decode()


def lag_of(exposition: str) -> int | None:
    """The lag of all partitions, in Prometheus' text; None while not both agents tell one."""
    samples = [
        sample
        for family in text_string_to_metric_families(exposition)
        for sample in family.samples
        if sample.name == LAG
    ]
    agents = {sample.labels.get("agent") for sample in samples}
    return int(sum(sample.value for sample in samples)) if len(agents) > 1 else None


def free_port(host: str) -> int:
    """A port that nobody listens on just now."""
    with socket.socket() as probe:
        probe.bind((host, 0))
        return int(probe.getsockname()[1])
