"""How far each owned source partition is read: for lag, for the watchdog, and for intake's progress while idle."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from faust.types import TP

from pipeline.kafka.consumer_thread import Standing
from pipeline.kafka.lane import Lane
from pipeline.kafka.ownership import Ownership
from pipeline.observability.log import describe

log = logging.getLogger(__name__)


class Reader(Protocol):
    """`pipeline.kafka.transport.Consumer`."""

    async def standing(self, partitions: list[TP]) -> Mapping[TP, Standing]: ...


class Teller(Protocol):
    """Says how time passes where no records come."""

    async def tell(self, standings: Mapping[Lane, Standing]) -> None:
        """standings: of all owned partitions whose standing is known."""
        ...


class SourceWatch:
    """Asks every `interval` seconds. lags: source records not taken yet, by partition; replaced as a whole, so that any
    thread may read it."""

    def __init__(self, ownership: Ownership, reader: Reader, interval: float, teller: Teller | None = None) -> None:
        self.lags: Mapping[int, int] = {}
        self._ownership = ownership
        self._reader = reader
        self._interval = interval
        self._teller = teller

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await asyncio.sleep(self._interval)
            try:
                await self._look()
            except Exception as error:
                # No assignment just now, or the broker is away: the next look will tell.
                log.debug("Could not look at the source: %s", describe(error))

    async def _look(self) -> None:
        lanes = {lane.tp: lane for lane in self._ownership.lanes.values() if lane.owner.life.takes_batches}
        found = await self._reader.standing(list(lanes))
        standings = {lanes[tp]: standing for tp, standing in found.items()}
        self.lags = {
            lane.tp.partition: standing.lag(next_offset)
            for lane, standing in standings.items()
            if (next_offset := lane.next_offset) is not None
        }
        if self._teller is not None:
            await self._teller.tell(standings)
