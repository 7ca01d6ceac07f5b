"""One partition's lane through a worker: its batches one after the other, its failures retried, nobody else held up."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from typing import Protocol

from faust.types import TP

from pipeline.kafka.inbox import Inbox
from pipeline.kafka.lifecycle import Stage
from pipeline.kafka.partition_owner import PartitionOwner
from pipeline.kafka.patience import Patience
from pipeline.kafka.restore import RestoreStopped
from pipeline.observability.log import describe
from pipeline.runtime.partition import Discontinuity
from pipeline.runtime.ports import Away, Batch, Denied, Fenced, Hopeless, Record

log = logging.getLogger(__name__)


class Source(Protocol):
    """What a lane asks of the consumer; `pipeline.kafka.transport.Consumer`."""

    async def seek_to_checkpoint(self, next_offsets: dict[TP, int]) -> None: ...

    def hold(self, tp: TP) -> None: ...

    def release(self, tp: TP) -> None: ...


class Lane:
    """Feeds one PartitionOwner. All coroutines run on the app's loop; the owner's calls run in `pool`, opening, which
    mostly waits, in `openers`; one at a time. tries: how often it has tried again so far.

    A batch that is dropped here on any way breaks the chain of batches, so the next one is refused by the processor and
    the source is sought back to the checkpoint: nothing is ever skipped, whatever happens in between.
    """

    def __init__(
        self, tp: TP, owner: PartitionOwner, source: Source, pool: Executor, openers: Executor, patience: Patience
    ) -> None:
        self.tp = tp
        self.owner = owner
        self.failures = 0
        self.tries = 0
        self._in_a_row = 0
        self._source = source
        self._pool = pool
        self._openers = openers
        self._patience = patience
        self._inbox = Inbox()
        self._busy = asyncio.Lock()
        self._stopped = self._waits = False
        self._sought_at: float | None = None
        self._swept_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._catching_up: asyncio.Task[None] | None = None
        self._seeking_again: asyncio.Task[None] | None = None

    @property
    def next_offset(self) -> int | None:
        return self.owner.next_offset

    @property
    def where(self) -> dict[str, int]:
        """For the log."""
        return {"partition": self.tp.partition}

    @property
    def doing(self) -> str:
        """For whoever has to find out why nothing gets on. From any thread."""
        hand = "something is in hand" if self._busy.locked() else "nothing is in hand"
        return f"{self.owner.life.stage}, {hand}, {self._inbox.records} records wait their turn"

    @property
    def settled(self) -> bool:
        """Nothing is queued or in hand."""
        return self._inbox.empty and not self._busy.locked()

    async def open(self) -> None:
        """Open the partition, however many tries it takes, and begin to feed it."""
        self._stopped = False
        if self._task is None:
            self._task = asyncio.create_task(self._work(), name=f"lane-{self.tp.partition}")
        async with self._busy:
            await self._insist_on_opening(None)
        self._see_to_what_is_behind()

    async def put(self, batch: Batch) -> None:
        """Queue a batch; waits for room. Dropped if the partition takes none now."""
        if self.owner.life.takes_batches and not self._stopped:
            await self._inbox.put(batch)

    async def idle(self, until: int) -> None:
        """Tell the partition that its source is read to the end, if it is not working anyway."""
        if self.settled and self.owner.life.takes_batches:
            async with self._busy:
                await self._attempt(lambda: self.owner.idle(until))

    async def sweep(self) -> None:
        """Sweep a slice, if no batch waits, or has for long."""
        await self._between_batches(self.owner.sweep)

    async def graft(self, records: Sequence[Record]) -> None:
        """Take in a slice of grafts, if no batch waits, or has for long."""
        await self._between_batches(lambda: self.owner.graft(records))

    async def _between_batches(self, work: Callable[[], None]) -> None:
        now = asyncio.get_running_loop().time()
        if self.settled or now - self._swept_at >= self._patience.sweep:
            async with self._busy:
                if self.owner.life.takes_batches and not self._stopped:
                    await self._attempt(work)
            self._swept_at = asyncio.get_running_loop().time()

    def stop(self) -> None:
        """Take no more and finish what is in hand soon; also ends an opening that is under way."""
        self._stopped = True

    async def drain(self) -> None:
        """After `stop`: wait for the batch in hand. The partition stays open, in case that it comes back."""
        life = self.owner.life
        if life.takes_batches:
            life.enter(Stage.DRAINING)
        try:
            async with asyncio.timeout(self._patience.drain):
                async with self._busy:
                    pass
        except TimeoutError:
            # Whoever owns it next fences this one first: what is in hand can't be committed then.
            log.warning("The batch in hand takes too long to finish.", extra=self.where)
        self._inbox.clear()
        if life.stage is Stage.DRAINING:
            life.enter(Stage.READY)

    def resume(self) -> None:
        """After `drain`: the partition is still ours, and nobody else had it meanwhile.

        What the rebalance cut short is finished first. The records of that batch come again, but its timers would wait
        for the next record, which may be long in coming.
        """
        self._stopped = False
        self._see_to_what_is_behind()

    async def close(self) -> None:
        """Let go of the partition for good."""
        self.stop()
        for task in (self._task, self._seeking_again):
            if task is not None:
                task.cancel()
        self._task = self._seeking_again = None
        async with self._busy:
            await self._call(self.owner.close)

    async def _work(self) -> None:
        while True:
            batch, self._waits = await self._inbox.take(), True
            async with self._busy:
                self._waits = False
                life = self.owner.life
                if self._stopped or not life.takes_batches:
                    continue
                if life.stage is Stage.READY:
                    life.enter(Stage.PROCESSING)
                await self._attempt(lambda batch=batch: self._take(batch))  # type: ignore[misc]

    def _see_to_what_is_behind(self) -> None:
        if self.owner.behind and (self._catching_up is None or self._catching_up.done()):
            self._catching_up = asyncio.create_task(self._catch_up(), name=f"catch-up-{self.tp.partition}")

    async def _catch_up(self) -> None:
        """Round by round, so that a batch that comes meanwhile waits for one of them at most. Where one waits, it goes
        first: what is due fires in its rounds as well."""
        while not self._stopped and self.owner.behind:
            async with self._busy:
                if not self._stopped and self.owner.behind and not self._waits:
                    await self._attempt(self.owner.catch_up)

    def _take(self, batch: Batch) -> None:
        before = self.owner.next_offset
        self.owner.take(batch, lambda: self._stopped)
        self._sought_at = None
        if self.owner.next_offset != before:
            self.failures = self._in_a_row = 0

    async def _attempt(self, work: Callable[[], None]) -> None:
        """Do something with the partition. Nothing escapes: an agent that raises makes Faust go past the batch."""
        try:
            await self._call(work)
        except Discontinuity as gap:
            await self._refetch(gap)
        except Fenced:
            await self._let_go()
            await self._insist_on_opening(None)
        except Exception as error:
            await self._recover(error)
        self._see_to_what_is_behind()

    async def _refetch(self, gap: Discontinuity) -> None:
        """Seek back to the checkpoint, once; what was on its way already is refused without a word. Once more if
        nothing could be taken in the meantime, for it may be that all there was has been refused."""
        self.owner.watch.refused(self.tp.partition)
        now = asyncio.get_running_loop().time()
        if self._sought_at is not None and now - self._sought_at < self._patience.refetch:
            return
        self._sought_at = now
        log.info("Fetching again: %s.", gap, extra=self.where)
        await self._seek()
        self._seeking_again = asyncio.create_task(self._refetch_later(gap), name=f"refetch-{self.tp.partition}")

    async def _refetch_later(self, gap: Discontinuity) -> None:
        await asyncio.sleep(self._patience.refetch)
        async with self._busy:
            if self._sought_at is not None and not self._stopped and self.owner.life.takes_batches:
                self._sought_at = None
                await self._refetch(gap)

    async def _seek(self) -> None:
        next_offset = self.owner.next_offset
        if next_offset is None:
            return
        try:
            await self._source.seek_to_checkpoint({self.tp: next_offset})
        except Exception as error:
            # Rebalancing: the partition is sought when it is over, if it is ours then.
            self._sought_at = None
            log.info("Could not seek now: %s", describe(error), extra=self.where)

    async def _let_go(self) -> None:
        """Another worker owns the partition: touch nothing of it, and wait for the rebalance that says so.

        Without one (then the lane is not stopped) it is still ours: a zombie fenced it late, and died before it joined
        the group again. Nobody would ever work on it, had we let go of it for good.
        """
        self.owner.watch.fenced(self.tp.partition)
        log.warning("Another worker owns the partition now; letting go.", extra=self.where)
        self._source.hold(self.tp)
        await self._call(self.owner.close)
        await self._wait(self._patience.fenced)

    async def _recover(self, error: Exception) -> None:
        """Fence and restore anew after a wait, and go on at the checkpoint; the failed batch comes again from there."""
        self._source.hold(self.tp)
        await self._insist_on_opening(error)

    async def _insist_on_opening(self, error: Exception | None) -> None:
        """Open, again and again, until the partition is ready, failed, or closed because it is not ours any more."""
        while not self._stopped:
            if error is not None and not await self._patient(error):
                return
            try:
                await self._call(lambda: self.owner.open(lambda: self._stopped), self._openers)
                await self._seek()
                self._source.release(self.tp)
                return
            except RestoreStopped:
                break
            except Fenced:
                await self._let_go()
                error = None
            except Exception as failure:
                error = failure
        await self._call(self.owner.close)

    async def _patient(self, error: Exception) -> bool:
        """Wait before the next try. False: that was the last one, and the partition failed."""
        self.tries += 1
        self._in_a_row += 1
        away = isinstance(error, Away)
        self.failures += not away
        hopeless = isinstance(error, Hopeless)
        if hopeless or (self.failures >= self._patience.tries and not away):
            stack = None if isinstance(error, Denied) else error
            log.error("The partition failed and stops: %s", describe(error), exc_info=stack, extra=self.where)
            await self._call(self.owner.fail)
            return False
        self.owner.watch.retried(self.tp.partition)
        what = "The brokers do not answer, trying again: %s" if away else "Failed, trying again: %s"
        log.warning(what, describe(error), extra={**self.where, "tries": self._in_a_row})
        log.debug("Stack of the failure", exc_info=error, extra=self.where)
        wait = min(self._patience.first * 2 ** min(self._in_a_row - 1, 20), self._patience.longest)
        await self._wait(wait)
        return True

    async def _wait(self, seconds: float) -> None:
        """Less, once the lane is stopped."""
        until = asyncio.get_running_loop().time() + seconds
        while not self._stopped and asyncio.get_running_loop().time() < until:
            await asyncio.sleep(0.05)

    def _call(self, work: Callable[[], None], pool: Executor | None = None) -> Awaitable[None]:
        return asyncio.get_running_loop().run_in_executor(pool or self._pool, work)
