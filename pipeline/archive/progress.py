"""How far a history has come on the log."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

import msgspec


class Progress(msgspec.Struct, frozen=True, array_like=True):
    """name: of the history. sent: its first events, of `events`, are on the log. last: received time of the latest of
    them, ms."""

    name: str
    sent: int
    events: int
    last: int

    @property
    def done(self) -> bool:
        return self.sent >= self.events


class HistoryRecord(NamedTuple):
    """progress: with this record."""

    value: bytes
    progress: Progress


class Log(Protocol):
    """`pipeline.kafka.history_log.HistoryLog`. Methods raise runtime.ports.OutboxError."""

    def progress(self) -> Progress | None: ...

    def write(self, records: Iterable[HistoryRecord]) -> None: ...

    def close(self) -> None: ...
