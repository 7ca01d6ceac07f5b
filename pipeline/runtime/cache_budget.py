"""What the record caches of all partitions of a process may hold together."""

import threading
from typing import Protocol
from weakref import ref


class RecordCache(Protocol):
    """A partition's cache; `pipeline.runtime.overlay.Overlay`."""

    @property
    def cached_bytes(self) -> int: ...


class CacheBudget:
    """total: bytes. Shared out evenly among the caches that are alive, so that partitions that come make those that are
    there give room up, at their next batch, and partitions that go leave theirs. From any thread."""

    def __init__(self, total: int) -> None:
        self.total = total
        self._caches: list[ref[RecordCache]] = []
        self._entering = threading.Lock()

    def enter(self, cache: RecordCache) -> None:
        """It counts for as long as it lives."""
        with self._entering:
            self._caches = [*(each for each in self._caches if each() is not None), ref(cache)]

    def share(self) -> int:
        """Bytes of each cache."""
        return self.total // max(1, sum(each() is not None for each in self._caches))

    def used(self) -> int:
        """Bytes in all of them, as they reckon them."""
        return sum(cache.cached_bytes for each in self._caches if (cache := each()) is not None)
