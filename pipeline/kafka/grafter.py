"""The grafter: has the partitions of an agent take in what a backfill wrote for them (pipeline/runtime/grafting.py),
one slice at a time, after the sweep and between batches."""

import asyncio
import logging
from collections.abc import Mapping
from typing import Protocol

from pipeline.kafka.lane import Lane
from pipeline.observability.log import describe
from pipeline.runtime.ports import Record

log = logging.getLogger(__name__)

# Seconds from one slice to the next: a batch that came meanwhile, or the loop, has its turn. And between looks.
_PAUSE, _REST = 0.005, 3.0


class GraftLog(Protocol):
    """`pipeline.kafka.graft_reader.GraftReader`."""

    def read(self, partition: int, offset: int) -> list[Record]: ...

    def close(self) -> None: ...


class Grafter:
    """Goes round the lanes. Lanes come and go with rebalances."""

    def __init__(self, lanes: Mapping[int, Lane], grafts: GraftLog, rest: float = _REST) -> None:
        self._lanes, self._grafts, self._rest = lanes, grafts, rest

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                for lane in list(self._lanes.values()):
                    try:
                        await self._take_in(lane)
                    except Exception as error:
                        log.warning("Could not take grafts in: %s", describe(error), extra=lane.where)
                await asyncio.sleep(self._rest)
        finally:
            self._grafts.close()

    async def _take_in(self, lane: Lane) -> None:
        """All there is, unless its time has not come."""
        while (offset := lane.owner.grafts_from) is not None:
            records = await asyncio.to_thread(self._grafts.read, lane.tp.partition, offset)
            if not records:
                return
            await lane.graft(records)
            if lane.owner.grafts_from == offset:
                return
            await asyncio.sleep(_PAUSE)
