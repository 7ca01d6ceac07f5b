"""When intake may say, without records, that time has passed (architecture.md, "Time")."""

import asyncio
import time
from collections.abc import Callable, Mapping
from typing import NamedTuple

from pipeline.kafka.clock import Clock
from pipeline.kafka.consumer_thread import Standing
from pipeline.kafka.lane import Lane

_PROGRESS_RECORDS_A_SECOND = 500
REST = 2.0
"""Seconds at the end of all partitions after which, with `tick: off`, a history counts as read."""


def tick_interval(tick: int, owned: int, partitions: int) -> float:
    """Seconds between two tellings. tick: ms. Each telling of each owned partition is a record in every partition of
    shopper-events, so many partitions are told more seldom."""
    return max(tick / 1000, owned * partitions / _PROGRESS_RECORDS_A_SECOND)


class TickTeller:
    """Of a partition read to its end: all that was received up to the brokers' time of then, less a margin, is in.

    margin: ms, for what the brokers' clocks may differ.
    """

    def __init__(self, clock: Clock, margin: int, tick: int, partitions: int) -> None:
        self._clock = clock
        self._margin = margin
        self._tick = tick
        self._partitions = partitions
        self._told_at = 0.0

    async def tell(self, standings: Mapping[Lane, Standing]) -> None:
        now = time.monotonic()
        if now - self._told_at < tick_interval(self._tick, len(standings), self._partitions) * 0.9:
            return
        self._told_at = now
        idle = []
        for lane, standing in standings.items():
            brokers_time = self._clock.at(standing.confirmed)
            if brokers_time and _all_taken(lane, standing):
                idle.append(lane.idle(brokers_time - self._margin))
        await asyncio.gather(*idle)


class RestTeller:
    """With `tick: off` only records move time. Once all partitions have stood at their end for a while, the greatest
    received time of all counts for all, so that the idle tail of a history is finished.

    Records are sent in order of received time, so a partition whose end is confirmed after that time was forwarded has
    nothing left of before it. Only the brokers' answers of after the rest began say so: in a rebalance none comes for
    seconds, while another worker forwards what was sent meanwhile.

    others: blocking; the greatest received time, ms, that partitions not ours have forwarded, given ours.
    """

    def __init__(self, others: Callable[[set[int]], int]) -> None:
        self._others = others
        self._rest: _Rest | None = None

    async def tell(self, standings: Mapping[Lane, Standing]) -> None:
        if not standings or not all(_all_taken(lane, standing) for lane, standing in standings.items()):
            self._rest = None
            return
        taken = {lane.tp.partition: lane.next_offset for lane in standings}
        if self._rest is None or self._rest.taken != taken:
            others = await asyncio.to_thread(self._others, set(taken))
            greatest = max(others, *(lane.owner.time for lane in standings))
            self._rest = _Rest(taken, greatest, time.monotonic())
            return
        if min(standing.confirmed for standing in standings.values()) - self._rest.since < REST:
            return
        greatest, self._rest = self._rest.greatest, None
        if greatest:
            await asyncio.gather(*(lane.idle(greatest) for lane in standings))


class _Rest(NamedTuple):
    """taken: next offset by partition. greatest: received time, ms, known when it began. since: monotonic seconds."""

    taken: Mapping[int, int | None]
    greatest: int
    since: float


def _all_taken(lane: Lane, standing: Standing) -> bool:
    next_offset = lane.next_offset
    return standing.at_end and lane.settled and next_offset is not None and next_offset > standing.last
