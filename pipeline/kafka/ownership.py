"""Which partitions this worker owns, through rebalances."""

import asyncio
import logging
from collections.abc import Callable, Collection, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from faust.types import TP

from pipeline.kafka.grafter import Grafter, GraftLog
from pipeline.kafka.lane import Lane, Source
from pipeline.kafka.lifecycle import Stage
from pipeline.kafka.partition_owner import PartitionOwner
from pipeline.kafka.patience import Patience
from pipeline.kafka.sweeper import Sweeper
from pipeline.runtime.ports import Batch

log = logging.getLogger(__name__)


class Followers(Protocol):
    """What is done about partitions that others own; `pipeline.kafka.standby.Standbys`."""

    def follow(self, partitions: Collection[int]) -> None: ...

    def release(self, partition: int) -> None: ...

    def close(self) -> None: ...


class Ownership:
    """Opens what is assigned, drains what is revoked, and feeds batches to their lanes.

    Assignment is eager: each rebalance takes all partitions away and gives most of them back. One that comes back is
    kept open if this worker was in the group at both generations, one right after the other; else somebody may have
    owned it in between, and it is fenced and restored anew. Partitions of others that this worker may inherit are
    followed; the store of a partition is either owned or followed, one after the other.
    """

    def __init__(
        self,
        topic: str,
        own: Callable[[int], PartitionOwner],
        source: Source,
        patience: Patience | None = None,
        standbys: Followers | None = None,
        grafts: GraftLog | None = None,
    ) -> None:
        self.topic = topic
        self.lanes: dict[int, Lane] = {}
        self.assigned_once = False
        self._own = own
        self._source = source
        self._standbys = standbys
        self._patience = patience or Patience()
        self._generation = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self._ending: dict[int, asyncio.Task[None]] = {}
        self._grafts = grafts
        self._between: list[asyncio.Task[None]] = []
        # Processing is Python and gains nothing from more threads than two; opening waits for brokers.
        self._pool = ThreadPoolExecutor(2, "process")
        self._openers = ThreadPoolExecutor(8, "open")

    def checkpoint_of(self, tp: TP) -> int | None:
        """Next offset of a partition, None unless it is open."""
        lane = self.lanes.get(tp.partition)
        return lane.next_offset if lane is not None and tp.topic == self.topic else None

    async def take(self, batch: Batch) -> None:
        """Hand a batch to its lane; waits for room in it."""
        lane = self.lanes.get(batch.partition)
        if lane is not None:
            await lane.put(batch)

    async def on_assigned(
        self, partitions: set[int], generation: int, still: Callable[[], bool], standbys: Collection[int] = ()
    ) -> None:
        """A rebalance is over: own exactly these. still: False once the next rebalance has begun. standbys: partitions
        of others to follow."""
        consecutive = generation in (self._generation, self._generation + 1)
        gone = [p for p in self.lanes if p not in partitions or not consecutive or not self._kept(p)]
        await self._together([self._end(partition) for partition in gone])
        if not still():
            return
        for lane in self.lanes.values():
            lane.resume()
        self._run(self._follow_others(standbys, still), "standbys")
        # Those that take longer are opened while the others already work; they are sought on their own then.
        await self._together([self._begin(partition) for partition in sorted(partitions - self.lanes.keys())])
        if still():
            self._generation = generation
            self.assigned_once = True
            if not self._between:
                self._work_between_batches()
            log.info("Owns %d partitions.", len(self.lanes), extra={"generation": generation})

    def _work_between_batches(self) -> None:
        self._between.append(asyncio.create_task(Sweeper(self.lanes).run(), name="sweeper"))
        if self._grafts is not None:
            self._between.append(asyncio.create_task(Grafter(self.lanes, self._grafts).run(), name="grafter"))

    def _begin(self, partition: int) -> asyncio.Task[None]:
        owner = self._own(partition)
        lane = Lane(TP(self.topic, partition), owner, self._source, self._pool, self._openers, self._patience)
        self.lanes[partition] = lane
        return self._run(self._open(partition, lane), f"open-{partition}")

    async def _open(self, partition: int, lane: Lane) -> None:
        ending = self._ending.get(partition)
        if ending is not None:
            # Our own last life of this partition still holds its files.
            await asyncio.wait([ending])
        if self._standbys is not None:
            await asyncio.get_running_loop().run_in_executor(self._openers, self._standbys.release, partition)
        # It may have gone again meanwhile, and a closed lane must not open anything.
        if self.lanes.get(partition) is lane:
            await lane.open()

    async def _follow_others(self, partitions: Collection[int], still: Callable[[], bool]) -> None:
        """Follow these and no others, once their files are not in use any more."""
        if self._standbys is None:
            return
        ending = [self._ending[partition] for partition in partitions if partition in self._ending]
        if ending:
            await asyncio.wait(ending)
        if still():
            self._standbys.follow(partitions)

    def _end(self, partition: int) -> asyncio.Task[None]:
        task = self._run(self.lanes.pop(partition).close(), f"close-{partition}")
        self._ending[partition] = task
        return task

    def _run(self, work: Coroutine[None, None, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def _together(self, tasks: list[asyncio.Task[None]]) -> None:
        """Wait for them, but not for ever: nobody is to be held up by the slowest."""
        if tasks:
            await asyncio.wait(tasks, timeout=self._patience.together)

    async def on_revoked(self) -> None:
        """A rebalance begins: finish the batches in hand, within the budget."""
        for lane in self.lanes.values():
            lane.stop()
        await asyncio.gather(*(lane.drain() for lane in self.lanes.values()))

    async def close(self) -> None:
        """Finish the batches in hand and let go of everything."""
        await self.on_revoked()
        for task in self._between:
            task.cancel()
        self._between = []
        lanes = list(self.lanes.values())
        self.lanes.clear()
        await asyncio.gather(*(lane.close() for lane in lanes))
        if self._standbys is not None:
            await asyncio.to_thread(self._standbys.close)
        self._pool.shutdown(wait=False)
        self._openers.shutdown(wait=False)

    def not_ready(self) -> list[str]:
        """What keeps this worker from taking batches, as sentences; empty when it is ready."""
        if not self.assigned_once:
            return ["no partitions assigned yet"]
        return [
            f"partition {partition} is {lane.owner.life.stage}"
            for partition, lane in sorted(self.lanes.items())
            if not lane.owner.life.takes_batches
        ]

    @property
    def all_failed(self) -> bool:
        """Nothing is left to do here."""
        stages = [lane.owner.life.stage for lane in self.lanes.values()]
        return bool(stages) and all(stage is Stage.FAILED for stage in stages)

    def _kept(self, partition: int) -> bool:
        return self.lanes[partition].owner.life.takes_batches
