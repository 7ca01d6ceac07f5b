"""State in memory: for tests, for the embedded broker, and for histories that fit."""

from bisect import bisect_right, insort
from collections.abc import Iterable, Iterator, Sequence

from pipeline.runtime.checkpoint import copy_checkpoint
from pipeline.runtime.ports import RESERVED, Checkpoint, DueEntry, StateError, StateStats, StateWrite

_BUCKET = 60_000


class MemoryPartition:
    """A `pipeline.runtime.ports.StatePartition` that a restart loses.

    The due-time index is cut into minutes: what is due soon is sorted when it is asked for, the rest never.
    """

    def __init__(self) -> None:
        self._values: dict[bytes, bytes] = {}
        # Keys in order, None where they are other ones by now.
        self._order: list[bytes] | None = None
        self._buckets: dict[int, set[DueEntry]] = {}
        self._minutes: list[int] = []
        self._checkpoint = Checkpoint()
        self._changelog_offset = -1
        self._bytes = 0
        self._closed = False

    def get_many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        self._check_open()
        get = self._values.get
        return [get(key) for key in keys]

    def write(self, change: StateWrite) -> None:
        self._check_open()
        for key, value in change.values:
            if (key in self._values) is (value is None):
                self._order = None
            self._bytes += (len(value) if value is not None else 0) - len(self._values.get(key, b""))
            if value is None:
                self._values.pop(key, None)
            else:
                self._values[key] = value
        for entry in change.due_dropped:
            self._drop(entry)
        for entry in change.due_added:
            self._add(entry)
        if change.checkpoint is not None:
            self._checkpoint = copy_checkpoint(change.checkpoint)
        self._changelog_offset = change.changelog_offset

    def due(self, until: int, limit: int, after: DueEntry | None = None) -> list[DueEntry]:
        self._check_open()
        found: list[DueEntry] = []
        first = after[0] // _BUCKET if after else 0
        for minute in self._minutes:
            if minute * _BUCKET > until or len(found) >= limit:
                break
            if minute >= first:
                found.extend(
                    entry
                    for entry in sorted(self._buckets[minute])
                    if entry[0] <= until and (after is None or entry > after)
                )
        return found[:limit]

    def checkpoint(self) -> Checkpoint:
        self._check_open()
        return copy_checkpoint(self._checkpoint)

    def changelog_offset(self) -> int:
        self._check_open()
        return self._changelog_offset

    def complete_at(self) -> int:
        """Not known: what a restart loses can't grow old."""
        return 0

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        self._check_open()
        for key in self._shoppers():
            yield key, self._values[key]

    def values(self, after: bytes | None, limit: int) -> list[tuple[bytes, bytes]]:
        self._check_open()
        order = self._order
        if order is None:
            order = self._order = self._shoppers()
        first = 0 if after is None else bisect_right(order, after)
        return [(key, self._values[key]) for key in order[first : first + limit]]

    def replace_due(self, entries: Iterable[DueEntry]) -> None:
        self._check_open()
        self._buckets, self._minutes = {}, []
        for entry in entries:
            self._add(entry)

    def stats(self) -> StateStats:
        self._check_open()
        return StateStats(len(self._values), 0, self._bytes)

    def close(self) -> None:
        self._closed = True

    def _shoppers(self) -> list[bytes]:
        return sorted(key for key in self._values if key[:1] > RESERVED)

    def _add(self, entry: DueEntry) -> None:
        minute = entry[0] // _BUCKET
        bucket = self._buckets.get(minute)
        if bucket is None:
            bucket = self._buckets[minute] = set()
            insort(self._minutes, minute)
        bucket.add(entry)

    def _drop(self, entry: DueEntry) -> None:
        minute = entry[0] // _BUCKET
        bucket = self._buckets.get(minute)
        if bucket is not None:
            bucket.discard(entry)
            if not bucket:
                del self._buckets[minute]
                self._minutes.remove(minute)

    def _check_open(self) -> None:
        if self._closed:
            raise StateError("the state partition is closed")
