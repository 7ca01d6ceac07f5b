"""One partition's lane: its failures are its own, and nothing is skipped."""

import asyncio
import threading
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from faust.types import TP

from pipeline.kafka.lane import Lane
from pipeline.kafka.lifecycle import Life, Stage
from pipeline.kafka.patience import Patience
from pipeline.kafka.restore import ChangelogAway
from pipeline.runtime.partition import Discontinuity
from pipeline.runtime.ports import Batch, Fenced, OutboxAway, OutboxError, Record, StateFormatError

TP0 = TP("events", 0)
IMPATIENT = Patience(tries=3, first=0.01, longest=0.02, drain=1.0)


class Owner:
    """A PartitionOwner that fails as told. errors: raised by the next calls of `take`; opening: of `open`."""

    def __init__(self) -> None:
        self.life = Life()
        self.partition = 0
        self.watch: Any = self
        self.next_offset: int | None = None
        self.errors: list[Exception] = []
        self.opening: list[Exception] = []
        self.calls: list[str] = []
        self.time = 0
        self.sweeping = False
        self.rounds_behind = 0

    @property
    def behind(self) -> bool:
        return self.rounds_behind > 0 and self.life.takes_batches

    def open(self, stopped: Callable[[], bool]) -> None:
        self.calls.append("open")
        self.life.enter(Stage.FENCING)
        if self.opening:
            raise self.opening.pop(0)
        self.life.enter(Stage.RESTORING)
        self.life.enter(Stage.READY)
        self.next_offset = self.next_offset or 0

    def take(self, batch: Batch, stopped: Callable[[], bool]) -> None:
        if batch.follows != (self.next_offset or 0) - 1:
            raise Discontinuity(self.next_offset or 0, batch.follows)
        if self.errors:
            raise self.errors.pop(0)
        self.next_offset = batch.records[-1].offset + 1
        self.calls.append(f"took {batch.records[-1].offset}")

    def catch_up(self) -> None:
        self.calls.append("catch up")
        self.rounds_behind -= 1

    def idle(self, until: int) -> None:
        self.calls.append(f"idle {until}")

    def sweep(self) -> None:
        if self.errors:
            raise self.errors.pop(0)
        self.calls.append("sweep")

    def close(self) -> None:
        self.calls.append("close")
        if self.life.stage is not Stage.CLOSED:
            self.life.enter(Stage.CLOSED)

    def fail(self) -> None:
        self.life.enter(Stage.FAILED)

    def retried(self, partition: int) -> None: ...

    def refused(self, partition: int) -> None: ...

    def fenced(self, partition: int) -> None: ...


class Source:
    def __init__(self) -> None:
        self.sought: list[int] = []
        self.held = False

    async def seek_to_checkpoint(self, next_offsets: dict[TP, int]) -> None:
        self.sought.append(next_offsets[TP0])

    def hold(self, tp: TP) -> None:
        self.held = True

    def release(self, tp: TP) -> None:
        self.held = False


def batch(offset: int, follows: int | None = None) -> Batch:
    return Batch("events", 0, offset - 1 if follows is None else follows, [Record(offset, 0, None, b"")])


def run(scene: Callable[[Lane, Owner, Source], Awaitable[None]], patience: Patience = IMPATIENT) -> None:
    async def play() -> None:
        owner, source = Owner(), Source()
        with ThreadPoolExecutor(2) as pool:
            lane = Lane(TP0, owner, source, pool, pool, patience)  # type: ignore[arg-type]
            await scene(lane, owner, source)
            await lane.close()

    asyncio.run(play())


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not holds():
            await asyncio.sleep(0.005)


def test_batches_are_taken_one_after_the_other() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        for offset in range(5):
            await lane.put(batch(offset))
            await until(lambda offset=offset: owner.next_offset == offset + 1)  # type: ignore[misc]
        assert owner.calls == ["open", "took 0", "took 1", "took 2", "took 3", "took 4"]


def test_batches_that_had_to_wait_are_taken_together() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        for offset in range(5):
            await lane.put(batch(offset))
        await until(lambda: owner.next_offset == 5)
        assert owner.calls == ["open", "took 4"]

    run(scene)


def test_a_batch_that_does_not_follow_has_the_source_sought_back_once() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        source.sought.clear()
        # given batch 0 was lost on its way
        for offset in (1, 2, 3):
            await lane.put(batch(offset))
        await until(lambda: lane.settled and source.sought == [0])
        # when it comes again
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)
        assert owner.calls == ["open", "took 0"]

    run(scene)


def test_a_source_sought_back_in_vain_is_sought_again_though_nothing_more_comes() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        source.sought.clear()
        # given batch 0 was lost on its way, and once more after the source was sought back
        await lane.put(batch(1))
        await until(lambda: source.sought == [0])
        await lane.put(batch(2))
        # when the source has no more to give
        await until(lambda: len(source.sought) > 1)
        # then it comes in the end, and that is all
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)
        often = len(source.sought)
        await asyncio.sleep(0.15)
        assert source.sought == [0] * often

    run(scene, Patience(refetch=0.05))


def test_a_failed_batch_comes_again_after_fencing_and_restoring() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [OutboxError("the broker is away")]
        owner.opening = [OutboxError("still away")]
        await lane.put(batch(0))
        await until(lambda: owner.calls.count("open") == 3 and not source.held)
        assert source.sought == [0, 0]
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)

    run(scene)


def test_a_partition_that_keeps_failing_stops_and_never_skips() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [RuntimeError("broken")] * 9
        for _ in range(3):
            await lane.put(batch(0))
            await until(lambda: (lane.settled and not source.held) or owner.life.stage is Stage.FAILED)
        assert owner.life.stage is Stage.FAILED
        assert source.held
        await lane.put(batch(1))
        assert owner.next_offset == 0

    run(scene)


def test_brokers_that_are_away_are_waited_for_however_long_it_takes() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        # given brokers that do not answer for more tries than a failing partition has
        owner.errors = [OutboxAway("no answer")]
        owner.opening = [OutboxAway("no answer") if number % 2 else ChangelogAway("no answer") for number in range(20)]
        await lane.put(batch(0))
        await until(lambda: lane.tries == 21 and not source.held)
        # then the partition is there when they are back
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)
        assert lane.failures == 0

    run(scene)


def test_a_state_of_a_newer_version_is_not_tried_again() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        owner.opening = [StateFormatError("a newer version wrote this")]
        await lane.open()
        assert owner.life.stage is Stage.FAILED
        assert owner.calls == ["open"]

    run(scene)


def test_a_fenced_partition_is_let_go_at_once() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [Fenced("another one")]
        await lane.put(batch(0))
        await until(lambda: owner.life.stage is Stage.CLOSED)
        assert source.held
        await lane.put(batch(0))
        assert owner.calls == ["open", "close"]

    run(scene)


def test_a_fenced_partition_that_stays_ours_is_taken_again() -> None:
    """A zombie fences the owner late, and dies: no rebalance comes, and nobody else works on the partition."""

    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [Fenced("a zombie")]
        await lane.put(batch(0))
        await until(lambda: owner.calls == ["open", "close", "open"] and not source.held)
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)
        assert owner.life.stage is Stage.PROCESSING

    run(scene, Patience(fenced=0.1))


def test_a_fenced_partition_is_not_taken_again_once_a_rebalance_began() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [Fenced("the next owner")]
        await lane.put(batch(0))
        await until(lambda: owner.life.stage is Stage.CLOSED)
        lane.stop()
        await asyncio.sleep(0.2)
        assert "open" not in owner.calls[1:]

    run(scene, Patience(fenced=0.1))


def test_a_sweep_comes_after_the_batches_and_still_comes_if_they_never_end() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        await lane.sweep()
        assert owner.calls == ["open", "sweep"]
        # given batches that wait
        for offset in range(2):
            await lane.put(batch(offset))
        # then it leaves them the partition
        await lane.sweep()
        assert owner.calls.count("sweep") == 1
        # but not for longer than it has patience
        await until(lambda: owner.next_offset == 2)
        await asyncio.sleep(0.06)
        await lane.put(batch(2))
        await lane.sweep()
        assert owner.calls.count("sweep") == 2

    run(scene, Patience(sweep=0.05))


def test_a_sweep_that_fails_opens_the_partition_anew_and_none_runs_once_it_is_stopped() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        owner.errors = [OutboxError("refused")]
        await lane.sweep()
        assert owner.calls == ["open", "open"]
        lane.stop()
        await lane.sweep()
        assert "sweep" not in owner.calls

    run(scene)


def test_draining_keeps_the_partition_open_and_takes_nothing_more() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.open()
        lane.stop()
        await lane.drain()
        await lane.put(batch(0))
        assert owner.life.stage is Stage.READY
        assert owner.calls == ["open"]
        # and when the partition comes back it goes on
        owner.rounds_behind = 1
        lane.resume()
        await until(lambda: owner.calls == ["open", "catch up"])
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)

    run(scene)


def test_a_batch_waits_for_one_round_of_what_is_behind() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        # given a partition that opens with many timers due
        owner.rounds_behind = 1_000_000
        await lane.open()
        await until(lambda: "catch up" in owner.calls)
        # when a batch comes
        await lane.put(batch(0))
        await until(lambda: owner.next_offset == 1)
        # then it is taken in between, and what is behind goes on
        left = owner.rounds_behind
        assert left > 0
        await until(lambda: owner.rounds_behind < left)
        owner.rounds_behind = 0

    run(scene)


def test_a_batch_that_waits_goes_before_what_is_behind() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        # given a batch in hand, while timers are behind and another batch has come
        in_hand, go_on, take = threading.Event(), threading.Event(), owner.take

        def slow(batch: Batch, stopped: Callable[[], bool]) -> None:
            in_hand.set()
            go_on.wait(5)
            take(batch, stopped)

        owner.take = slow  # type: ignore[method-assign]
        owner.rounds_behind = 1_000_000
        await lane.open()
        await lane.put(batch(0))
        await until(in_hand.is_set)
        await lane.put(batch(1))
        # when the first one is done
        go_on.set()
        await until(lambda: owner.next_offset == 2)
        # then the second one comes next: its rounds fire what is due as well
        taken = owner.calls.index("took 0")
        assert owner.calls[taken + 1] == "took 1"
        # and what is behind goes on
        left = owner.rounds_behind
        await until(lambda: owner.rounds_behind < left)
        owner.rounds_behind = 0

    run(scene)


def test_idle_time_is_told_only_when_nothing_is_in_hand() -> None:
    async def scene(lane: Lane, owner: Owner, source: Source) -> None:
        await lane.idle(1)
        await lane.open()
        await lane.idle(2)
        assert owner.calls == ["open", "idle 2"]

    run(scene)
