"""What `/health` tells: whether requests are taken, and where their events go."""

import asyncio
import time
from collections.abc import Callable

from pipeline.collector.delivery import Delivery, Log

# Seconds for which an answer about the brokers holds, so that probes cost them nothing.
_HOLDS = 2.0


class Health:
    """Of one event loop. clock: seconds, going forward only."""

    def __init__(self, delivery: Delivery, log_end: Log, clock: Callable[[], float] = time.monotonic) -> None:
        self._delivery = delivery
        self._log = log_end
        self._clock = clock
        self._asking = asyncio.Lock()
        self._asked: float | None = None
        self._answers = False

    async def state(self) -> tuple[int, str]:
        """Status and word: 200 `ok`; 200 `spooling`, the brokers are away and the disk takes what comes; 503 `full`,
        the disk takes no more either."""
        if not self._delivery.takes:
            return 503, "full"
        if self._delivery.spooling or not await self._brokers_answer():
            return 200, "spooling"
        return 200, "ok"

    async def _brokers_answer(self) -> bool:
        async with self._asking:
            if self._asked is None or self._clock() - self._asked >= _HOLDS:
                self._answers = await asyncio.to_thread(self._log.answers)
                self._asked = self._clock()
        return self._answers
