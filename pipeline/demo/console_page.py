"""The console beside the demo: a process of its own, as with a real Kafka."""

from collections.abc import Mapping
from pathlib import Path

from pipeline.demo.child import Child
from pipeline.demo.worker_watch import free_port

_STOP_BUDGET = 10.0


class ConsolePage:
    """host: what is listened on. folder: of its log."""

    def __init__(self, host: str, topology: Path, brokers: str, folder: Path, environment: Mapping[str, str]) -> None:
        address = f"{host}:{free_port(host)}"
        self.url = f"http://{address}"
        self._arguments = ["console", "--topology", str(topology), "--brokers", brokers, "--listen", address]
        self._log = folder / "console.log"
        self._environment = environment
        self._child: Child | None = None

    @property
    def failure(self) -> str:
        """A sentence once it has failed; else ""."""
        return "" if self._child is None else self._child.failure

    def open(self) -> None:
        self._child = Child("console", self._arguments, self._log, self._environment)

    def close(self) -> None:
        if self._child is not None:
            self._child.ask_to_end()
            self._child.end(_STOP_BUDGET)
