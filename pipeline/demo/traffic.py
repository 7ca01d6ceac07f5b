"""Where the demo's events come from: the simulator, or a file (see history.py)."""

from collections.abc import Mapping
from pathlib import Path
from typing import Protocol

from pipeline.demo.child import Child
from pipeline.kafka.clock import Acceleration

_SHOPPERS = 400
"""So few that most come back within the minutes that somebody watches."""


class Traffic(Protocol):
    """over: nothing more will come. problem: a sentence, if it broke off."""

    @property
    def over(self) -> bool: ...

    @property
    def problem(self) -> str: ...

    def close(self) -> None: ...


class Simulation:
    """Simulated shoppers, by a process of `afterclick simulate`. rate: events a real second. clock: of the shop."""

    def __init__(
        self,
        topology: Path,
        brokers: str,
        rate: float,
        clock: Acceleration,
        log: Path,
        environment: Mapping[str, str],
    ) -> None:
        arguments = ["simulate", "--topology", str(topology), "--brokers", brokers]
        arguments += ["--rate", f"{rate:g}", "--clock", str(clock), "--shoppers", str(_SHOPPERS), "--quiet"]
        self._child = Child("simulator", arguments, log, environment)

    @property
    def over(self) -> bool:
        return self._child.code == 0

    @property
    def problem(self) -> str:
        return self._child.failure

    def close(self) -> None:
        self._child.ask_to_end()
        self._child.end(patience=5.0)
