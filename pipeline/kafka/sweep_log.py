"""What the log says of a partition's sweep, and of a backfill that it takes in: that it began, and that all is done."""

import logging
import time

from pipeline.runtime.graft_log import Grafting
from pipeline.runtime.ports import Sweep

log = logging.getLogger(__name__)

_EVERY = 10.0


class SweepLog:
    """Of one life of a partition. Silent where no record had to be brought over, as at a first start."""

    def __init__(self, partition: int) -> None:
        self._partition = partition
        self._brought_over = 0
        self._told_at = 0.0

    def slice(self, sweep: Sweep, brought_over: int) -> None:
        """A slice is committed."""
        now = time.monotonic()
        if brought_over and not self._brought_over:
            log.info("The topology changed: all shoppers are looked at again.", extra={"partition": self._partition})
            self._told_at = now
        self._brought_over += brought_over
        counts = {
            "partition": self._partition,
            "looked_at": sweep.looked_at,
            "brought_over": self._brought_over,
        }
        if not self._brought_over:
            return
        if sweep.done:
            log.info("All shoppers are under the present topology.", extra=counts)
        elif now - self._told_at >= _EVERY:
            self._told_at = now
            log.info("Shoppers are being brought under the present topology.", extra=counts)


def tell_grafts(partition: int, before: Grafting, after: Grafting) -> None:
    """A slice of grafts is committed."""
    if after.joined and not before.joined:
        log.info("A backfill is being taken in.", extra={"partition": partition})
    if after.runs > before.runs:
        log.info("A backfill is taken in.", extra={"partition": partition})
