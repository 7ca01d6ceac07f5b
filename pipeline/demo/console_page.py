"""The console beside the demo: a process of its own, as with a real Kafka."""

import contextlib
import socket
from collections.abc import Mapping
from pathlib import Path

from pipeline.demo.child import Child
from pipeline.demo.worker_watch import free_port

_STOP_BUDGET = 10.0
_PATIENCE = 0.1


class ConsolePage:
    """host: what is listened on. folder: of its log."""

    def __init__(self, host: str, topology: Path, brokers: str, folder: Path, environment: Mapping[str, str]) -> None:
        port = free_port(host)
        address = f"{host}:{port}"
        self.url = f"http://{address}"
        self._arguments = ["console", "--topology", str(topology), "--brokers", brokers, "--listen", address]
        self._log = folder / "console.log"
        self._environment = environment
        self._child: Child | None = None
        self._place = (host, port)
        self._answers = False
        self._told = False

    @property
    def answers(self) -> bool:
        """Whether a browser can open it: it is told of only then."""
        if self._child is not None and not self._answers:
            with contextlib.suppress(OSError), socket.create_connection(self._place, _PATIENCE):
                self._answers = True
        return self._answers

    def news(self) -> str:
        """Where it is: a sentence, once, when it answers; else ""."""
        if self._told or not self.answers:
            return ""
        self._told = True
        return f"Watch it, and explain a shopper, at {self.url}"

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
