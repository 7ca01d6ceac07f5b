"""The sweeper: partitions in turn, one slice at a time, those that have something left."""

import asyncio
import logging
from typing import Any

import pytest

from pipeline.kafka.sweep_log import SweepLog
from pipeline.kafka.sweeper import Sweeper
from pipeline.runtime.ports import Sweep


class Lane:
    """Has so many slices left; fails at first if told to."""

    def __init__(self, partition: int, left: int, calls: list[int], fails: bool = False) -> None:
        self.tp: Any = type("TP", (), {"partition": partition})
        self.owner: Any = self
        self.left = left
        self._calls = calls
        self._fails = fails

    @property
    def sweeping(self) -> bool:
        return self.left > 0

    async def sweep(self) -> None:
        if self._fails:
            self._fails = False
            raise OSError("trouble")
        self._calls.append(self.tp.partition)
        self.left -= 1


def test_partitions_take_turns_and_come_and_go() -> None:
    async def play() -> list[int]:
        calls: list[int] = []
        lanes: dict[int, Any] = {0: Lane(0, 3, calls), 1: Lane(1, 0, calls), 2: Lane(2, 2, calls, fails=True)}
        task = asyncio.create_task(Sweeper(lanes).run())
        async with asyncio.timeout(5):
            while any(lane.left for lane in lanes.values()):
                await asyncio.sleep(0.005)
            # a partition that is assigned later, found at the next look
            lanes[3] = Lane(3, 1, calls)
            while lanes[3].left:
                await asyncio.sleep(0.005)
        task.cancel()
        return calls

    assert asyncio.run(play()) == [0, 0, 2, 0, 2, 3]


def test_the_log_tells_of_a_sweep_that_brings_something_over_and_of_nobody(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    told = SweepLog(3)
    told.slice(Sweep(7, 5, b"ann", 1_000), 0)
    assert not caplog.records
    told.slice(Sweep(7, 5, b"bob", 2_000), 400)
    told.slice(Sweep(7, 5, b"cid", 2_500, done=True), 100)
    assert [record.message for record in caplog.records] == [
        "The topology changed: all shoppers are looked at again.",
        "All shoppers are under the present topology.",
    ]
    done: Any = caplog.records[-1]
    assert (done.partition, done.looked_at, done.brought_over) == (3, 2_500, 500)
    first_start = SweepLog(4)
    first_start.slice(Sweep(7, 5, None, 0, done=True), 0)
    assert len(caplog.records) == 2
