"""Which partitions a worker owns, through rebalances."""

import asyncio
import threading
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Any

import pytest

from pipeline.kafka.lane import Patience
from pipeline.kafka.lifecycle import Life, Stage
from pipeline.kafka.ownership import Ownership


class Owner:
    """A PartitionOwner that opens as slowly as told."""

    def __init__(self, partition: int, opened: list[int], slow: dict[int, float]) -> None:
        self.partition = partition
        self.life = Life()
        self.next_offset: int | None = None
        self.time = 0
        self.sweeping = False
        self.behind = False
        self.watch: Any = None
        self._opened = opened
        self._slow = slow

    def open(self, stopped: Callable[[], bool]) -> None:
        self.life.enter(Stage.FENCING)
        time.sleep(self._slow.get(self.partition, 0))
        self._opened.append(self.partition)
        self.life.enter(Stage.RESTORING)
        self.life.enter(Stage.READY)
        self.next_offset = 0

    def close(self) -> None:
        if self.life.stage is not Stage.CLOSED:
            self.life.enter(Stage.CLOSED)


class Source:
    async def seek_to_checkpoint(self, next_offsets: dict[Any, int]) -> None: ...

    def hold(self, tp: Any) -> None: ...

    def release(self, tp: Any) -> None: ...


class Followers:
    """Standbys whose files are let go of when `let_go` is set, at once by default."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, Any]] = []
        self.let_go = threading.Event()
        self.let_go.set()

    def follow(self, partitions: Collection[int]) -> None:
        self.calls.append(("follow", set(partitions)))

    def release(self, partition: int) -> None:
        self.let_go.wait(5)
        self.calls.append(("release", partition))

    def close(self) -> None:
        self.calls.append(("close", None))


Scene = Callable[[Ownership, list[int]], Awaitable[None]]


def run(scene: Scene, slow: dict[int, float] | None = None, standbys: Followers | None = None) -> None:
    async def play() -> None:
        opened: list[int] = []
        ownership = Ownership(
            "events",
            lambda partition: Owner(partition, opened, slow or {}),  # type: ignore[arg-type,return-value]
            Source(),  # type: ignore[arg-type]
            Patience(together=0.2),
            standbys,
        )
        await scene(ownership, opened)
        await ownership.close()

    asyncio.run(play())


async def rebalance(
    ownership: Ownership, partitions: set[int], generation: int, standbys: Collection[int] = ()
) -> None:
    await ownership.on_revoked()
    await ownership.on_assigned(partitions, generation, lambda: True, standbys)


def test_partitions_that_come_back_at_once_stay_open() -> None:
    async def scene(ownership: Ownership, opened: list[int]) -> None:
        await rebalance(ownership, {0, 1}, 1)
        assert ownership.not_ready() == []
        await rebalance(ownership, {1, 2}, 2)
        assert sorted(opened) == [0, 1, 2]
        assert sorted(ownership.lanes) == [1, 2]

    run(scene)


@pytest.mark.parametrize("generation", [3, 7], ids=["missed one", "missed several"])
def test_after_a_missed_generation_somebody_else_may_have_owned_them(generation: int) -> None:
    async def scene(ownership: Ownership, opened: list[int]) -> None:
        await rebalance(ownership, {0}, 1)
        await rebalance(ownership, {0}, generation)
        assert opened == [0, 0]

    run(scene)


def test_a_slow_partition_holds_nobody_up() -> None:
    async def scene(ownership: Ownership, opened: list[int]) -> None:
        begun = time.monotonic()
        await rebalance(ownership, {0, 1}, 1)
        assert time.monotonic() - begun < 0.6
        assert ownership.not_ready() == ["partition 0 is fencing"]
        while ownership.not_ready():
            await asyncio.sleep(0.02)
        assert opened == [1, 0]

    run(scene, {0: 0.8})


def test_before_the_first_assignment_it_is_not_ready() -> None:
    async def scene(ownership: Ownership, opened: list[int]) -> None:
        assert ownership.not_ready() == ["no partitions assigned yet"]
        # and with more workers than partitions one that owns nothing is
        await rebalance(ownership, set(), 1)
        assert ownership.not_ready() == []
        assert not ownership.all_failed

    run(scene)


def test_a_partition_is_followed_or_owned_one_after_the_other() -> None:
    standbys = Followers()

    async def scene(ownership: Ownership, opened: list[int]) -> None:
        await rebalance(ownership, {0}, 1, {1})
        # given a partition that was ours goes to another worker, and we follow it; the other way round with the second
        await rebalance(ownership, {1}, 2, {0})
        assert opened == [0, 1]
        assert standbys.calls.index(("release", 1)) > standbys.calls.index(("follow", {1}))
        assert ("follow", {0}) in standbys.calls

    run(scene, standbys=standbys)
    # and in the end nothing is
    assert standbys.calls[-1] == ("close", None)


def test_a_partition_that_goes_before_its_files_are_there_is_not_opened() -> None:
    standbys = Followers()
    standbys.let_go.clear()

    async def scene(ownership: Ownership, opened: list[int]) -> None:
        await rebalance(ownership, {0}, 1)
        # when it is taken away again while its standby still holds the files
        await rebalance(ownership, set(), 2, {0})
        standbys.let_go.set()
        await asyncio.sleep(0.1)
        # then the late opener does not open what is followed by now
        assert opened == []

    run(scene, standbys=standbys)
