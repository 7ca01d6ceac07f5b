"""Each fetch says what it follows; what a new assignment fetches follows nothing of the old one."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from pipeline.kafka.consumer_thread import ConsumerThread
from pipeline.runtime.ports import Record

TP0 = TP("events", 0)


class World:
    """A consumer thread over a consumer whose fetches are given."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.sought: list[int] = []
        self.coming: list[int] = []
        self.consumer = SimpleNamespace(
            assignment=lambda: {TP0},
            seek=lambda tp, offset: self.sought.append(offset),
            _subscription=SimpleNamespace(),
        )
        self.rebalance()

        async def fetch(thread: Any, *_: Any) -> Any:
            return {TP0: [Record(offset, 0, None, b"") for offset in self.coming]}

        monkeypatch.setattr(driver.AIOKafkaConsumerThread, "_fetch_records", fetch)
        self.thread: Any = ConsumerThread.__new__(ConsumerThread)
        self.thread._consumer = self.consumer
        self.thread._last, self.thread._assignment, self.thread._answers = {}, None, {}

    def rebalance(self) -> None:
        self.consumer._subscription.subscription = SimpleNamespace(assignment=SimpleNamespace(tps={TP0}, active=True))

    def seek(self, offset: int) -> None:
        asyncio.run(self.thread._seek_linked({TP0: (offset, offset - 1)}))

    def fetch(self, *offsets: int) -> int:
        self.coming = list(offsets)
        return int(asyncio.run(self.thread._fetch_records())[TP0].follows)


def test_a_fetch_follows_the_one_before_whatever_markers_lie_between(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.seek(5)
    assert world.fetch(5, 6) == 4
    assert world.fetch(8, 9) == 6
    world.seek(5)
    assert world.fetch(5) == 4


def test_after_a_rebalance_a_fetch_of_where_the_group_stood_follows_nothing_we_took(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.seek(5)
    assert world.fetch(5, 6, 7) == 4
    # when the partition is assigned anew, and fetched from the group's offset before it is sought to its checkpoint
    world.rebalance()
    # then neither what lies behind the checkpoint nor what lies ahead of it seems to follow what was taken
    assert world.fetch(2, 3) == 1
    world.rebalance()
    assert world.fetch(300, 301) == 299
    world.seek(8)
    assert world.fetch(8) == 7
