"""With `tick: off`, when the end of a history counts as read: answers of brokers tell it, not that none came."""

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from faust.types import TP

from pipeline.kafka import progress_teller
from pipeline.kafka.consumer_thread import Standing
from pipeline.kafka.progress_teller import REST, RestTeller


class Source:
    """Two partitions that are ours, read and taken to their end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now, self.elsewhere = 100.0, 0
        self.told: dict[int, int] = {}
        self.ends = {0: 10, 1: 20}
        self.times = {0: 1_000, 1: 2_000}
        self.confirmed = {0: 0.0, 1: 0.0}
        self._lanes: dict[int, Any] = {partition: self._lane(partition) for partition in self.ends}
        self._teller = RestTeller(lambda ours: self.elsewhere)
        monkeypatch.setattr(progress_teller, "time", SimpleNamespace(monotonic=lambda: self.now))

    def look(self, seconds: float, answered: bool = True) -> dict[int, int]:
        """After so long, in which the brokers answered or did not; what was told by it."""
        self.now += seconds
        if answered:
            self.confirmed = dict.fromkeys(self.ends, self.now)
        self.told = {}
        standings = {}
        for partition, lane in self._lanes.items():
            end = self.ends[partition]
            lane.next_offset, lane.owner.time = end, self.times[partition]
            standings[lane] = Standing(end - 1, end, end, end, self.confirmed[partition])
        asyncio.run(self._teller.tell(standings))
        return self.told

    def _lane(self, partition: int) -> Any:
        async def idle(until: int) -> None:
            self.told[partition] = until

        return _Lane(tp=TP("clickstream", partition), settled=True, idle=idle, owner=SimpleNamespace(time=0))


class _Lane(SimpleNamespace):
    def __hash__(self) -> int:
        return id(self)


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> Source:
    return Source(monkeypatch)


def test_after_a_rest_at_the_end_the_greatest_time_counts_for_all(source: Source) -> None:
    source.elsewhere = 3_000
    assert source.look(0.1) == {}
    assert source.look(REST / 2) == {}
    assert source.look(REST / 2) == {0: 3_000, 1: 3_000}


def test_an_end_that_nobody_confirmed_meanwhile_is_none(source: Source) -> None:
    # Between two fetches, as in a rebalance, another worker may forward what was sent after we last heard of our end.
    source.look(0.1)
    assert source.look(2 * REST, answered=False) == {}
    source.elsewhere = 9_000
    assert source.look(2 * REST, answered=False) == {}
    source.ends[0], source.times[0] = 15, 4_000
    assert source.look(0.1) == {}
    assert source.look(REST) == {0: 9_000, 1: 9_000}


def test_what_others_forward_during_the_rest_waits_for_the_next_one(source: Source) -> None:
    source.elsewhere = 3_000
    source.look(0.1)
    source.elsewhere = 9_000
    assert source.look(REST) == {0: 3_000, 1: 3_000}
    assert source.look(0.1) == {}
    assert source.look(REST) == {0: 9_000, 1: 9_000}


def test_records_that_came_meanwhile_begin_a_new_rest(source: Source) -> None:
    source.look(0.1)
    source.ends[1], source.times[1] = 25, 5_000
    assert source.look(REST) == {}
    assert source.look(REST / 2) == {}
    assert source.look(REST / 2) == {0: 5_000, 1: 5_000}
