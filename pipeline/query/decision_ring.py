"""The latest decisions of each topic, as they came off the log: bounded in number and in bytes."""

import heapq
import threading
from collections import deque
from collections.abc import Iterable
from typing import NamedTuple

MOST = 500
"""Decisions kept of each topic."""
_BYTES = 4 * 1024 * 1024


class Row(NamedTuple):
    """timestamp: ms, of the record. topic: logical."""

    timestamp: int
    partition: int
    offset: int
    topic: str
    key: bytes
    value: bytes


class DecisionRing:
    """One thread adds, any may look."""

    def __init__(self, topics: Iterable[str]) -> None:
        self._gate = threading.Lock()
        self._rows: dict[str, deque[Row]] = {topic: deque() for topic in topics}
        self._sizes = dict.fromkeys(self._rows, 0)

    def add(self, rows: Iterable[Row]) -> None:
        with self._gate:
            for row in rows:
                kept = self._rows[row.topic]
                kept.append(row)
                self._sizes[row.topic] += len(row.value)
                while len(kept) > MOST or (self._sizes[row.topic] > _BYTES and len(kept) > 1):
                    self._sizes[row.topic] -= len(kept.popleft().value)

    def latest(self, limit: int, topic: str | None = None, key: bytes | None = None) -> list[Row]:
        """The latest first. topic, key: only those."""
        with self._gate:
            found = [
                row
                for name, rows in self._rows.items()
                if topic in (None, name)
                for row in rows
                if key is None or row.key == key
            ]
        return heapq.nlargest(limit, found)

    def clear(self) -> None:
        with self._gate:
            for topic, rows in self._rows.items():
                rows.clear()
                self._sizes[topic] = 0
