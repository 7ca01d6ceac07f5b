"""Batches of one partition that wait for their turn; whatever has come meanwhile is taken together."""

import asyncio
from collections import deque

import msgspec

from pipeline.runtime.ports import Batch

RECORDS = 10_000
BYTES = 4 << 20
"""Bounds of what is taken together, as of one fetched batch; twice as much may wait."""


class Inbox:
    """A transaction takes its time however small it is, so under load small fetches are joined into batches that grow
    until they keep pace. For one loop; one taker."""

    def __init__(self) -> None:
        self._waiting: deque[Batch] = deque()
        self._records = self._bytes = 0
        self._some, self._room = asyncio.Event(), asyncio.Event()
        self._room.set()

    @property
    def empty(self) -> bool:
        return not self._waiting

    async def put(self, batch: Batch) -> None:
        """Waits for room."""
        while not self._room.is_set():
            await self._room.wait()
        self._waiting.append(batch)
        self._count(batch, 1)
        self._some.set()

    async def take(self) -> Batch:
        """All that waits and follows one another, as one batch, within the bounds. Waits for some."""
        while not self._waiting:
            await self._some.wait()
        together = [self._next()]
        records, size = len(together[0].records), together[0].size
        while self._waiting:
            following = self._waiting[0]
            records, size = records + len(following.records), size + following.size
            if records > RECORDS or size > BYTES or following.follows != together[-1].records[-1].offset:
                break
            together.append(self._next())
        return together[0] if len(together) == 1 else _joined(together)

    def clear(self) -> None:
        """Drop what waits."""
        while self._waiting:
            self._next()

    def _next(self) -> Batch:
        batch = self._waiting.popleft()
        self._count(batch, -1)
        if not self._waiting:
            self._some.clear()
        return batch

    def _count(self, batch: Batch, sign: int) -> None:
        self._records += sign * len(batch.records)
        self._bytes += sign * batch.size
        if self._records < 2 * RECORDS and self._bytes < 2 * BYTES:
            self._room.set()
        else:
            self._room.clear()


def _joined(batches: list[Batch]) -> Batch:
    """As if it had been fetched at once, when the last of them was: what came later is not of the future."""
    records = [record for batch in batches for record in batch.records]
    now, size = max(batch.now for batch in batches), sum(batch.size for batch in batches)
    return msgspec.structs.replace(batches[0], records=records, now=now, size=size)
