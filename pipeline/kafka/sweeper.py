"""The sweeper: has the partitions of an agent swept after a changed topology (pipeline/runtime/sweep.py), one slice at
a time over all of them, so that batches of the other partitions share the processor with one slice at most."""

import asyncio
import logging
from collections.abc import Mapping

from pipeline.kafka.lane import Lane
from pipeline.observability.log import describe

log = logging.getLogger(__name__)

# Seconds from one slice to the next: a batch that came meanwhile, or the loop, has its turn. And between looks.
_PAUSE, _REST = 0.005, 0.5


class Sweeper:
    """Goes round the lanes that have something left to sweep. Lanes come and go with rebalances."""

    def __init__(self, lanes: Mapping[int, Lane]) -> None:
        self._lanes = lanes

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            sweeping = [lane for lane in list(self._lanes.values()) if lane.owner.sweeping]
            for lane in sweeping:
                try:
                    await lane.sweep()
                except Exception as error:
                    log.warning("Could not sweep: %s", describe(error), extra={"partition": lane.tp.partition})
                await asyncio.sleep(_PAUSE)
            if not sweeping:
                await asyncio.sleep(_REST)
