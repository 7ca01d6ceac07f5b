"""One owned partition: its store, its producer and its processor, opened and closed together. Blocking; no asyncio."""

import contextlib
import logging
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import msgspec

from pipeline.kafka.clock import Clock
from pipeline.kafka.lifecycle import Life, Stage
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.kafka.pace import Pace
from pipeline.kafka.restore import AheadOfChangelog, Restored, Restoring, StateTooOld, first_offset, restore
from pipeline.kafka.sweep_log import SweepLog, tell_grafts
from pipeline.runtime.checkpoint import changelog
from pipeline.runtime.partition import AnyProcessor, Taken
from pipeline.runtime.ports import Batch, Outbox, Record, StateCorrupt, StatePartition, StateStats

log = logging.getLogger(__name__)


class Parts(Protocol):
    """What a partition of one agent is made of; pipeline/app.py puts it together."""

    def open_state(self, partition: int) -> StatePartition: ...

    def discard_state(self, partition: int) -> None:
        """Set the local files aside or delete them; the next `open_state` begins empty."""
        ...

    def restoring(self, state: StatePartition) -> Restoring: ...

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor: ...


class Wiring(msgspec.Struct, frozen=True):
    """Where an agent is connected to. source, changelog: topics of the shop, co-partitioned. outputs: logical topic ->
    topic of the shop. transactional_prefix: `NAME.AGENT`."""

    source: str
    changelog: str
    outputs: Mapping[str, str]
    transactional_prefix: str
    producer: Mapping[str, Any]
    consumer: Mapping[str, Any]


class Watch(Protocol):
    """What is told to metrics and logs of a partition's life."""

    def taken(self, partition: int, batch: Batch, taken: Taken, seconds: float) -> None: ...

    def restored(self, partition: int, restored: Restored) -> None: ...

    def restoring(self, partition: int, records: int, left: int) -> None: ...

    def discarded(self, partition: int, reason: str) -> None: ...

    def queue_full(self) -> None: ...

    def retried(self, partition: int) -> None: ...

    def refused(self, partition: int) -> None: ...

    def fenced(self, partition: int) -> None: ...

    def rebalanced(self) -> None: ...


class PartitionOwner:
    """Opens, feeds and closes one partition. One call at a time, from whichever thread; only `life` and `steps`, which
    grows with all that opening gets done, are read freely."""

    def __init__(self, partition: int, parts: Parts, wiring: Wiring, clock: Clock, watch: Watch) -> None:
        self.partition = partition
        self.life = Life()
        self.steps = 0
        self._parts = parts
        self._wiring = wiring
        self._clock = clock
        self.watch = watch
        self._state: StatePartition | None = None
        self._outbox: TransactionalOutbox | None = None
        self._processor: AnyProcessor | None = None
        # Found while working: opening a store does not read all of it.
        self._damaged = False
        self._sweep_log = SweepLog(partition)
        self._pace = Pace()

    @property
    def next_offset(self) -> int | None:
        """Where the source has to be read on, None while not open."""
        return self._processor.next_offset if self._processor is not None and not self._processor.closed else None

    @property
    def store(self) -> StateStats | None:
        """Size of the store, None while not open."""
        state = self._state
        return state.stats() if state is not None and self.life.takes_batches else None

    @property
    def time(self) -> int:
        """The checkpoint's time, ms, 0 while not open."""
        return self._processor.checkpoint.time if self._processor is not None else 0

    @property
    def behind(self) -> bool:
        """Whether timers are due, or the rest of a batch that a rebalance cut short is to be taken; see `catch_up`."""
        processor = self._processor
        return processor is not None and processor.behind and self.life.takes_batches

    @property
    def sweeping(self) -> bool:
        """Whether records may be left of another topology; see `sweep`."""
        processor = self._processor
        return processor is not None and processor.sweeping and self.life.takes_batches

    @property
    def grafts_from(self) -> int | None:
        """Where the log of grafts has to be read on, None while none are taken; see `graft`."""
        processor = self._processor
        if processor is None or processor.sweeping or not self.life.takes_batches:
            return None
        return processor.checkpoint.grafting.offset

    def open(self, stopped: Callable[[], bool]) -> None:
        """Fence, restore, and stand ready at the checkpoint. Raises what its steps raise; then it is to be closed."""
        self._release()
        self.steps += 1
        self.life.enter(Stage.FENCING)
        wiring = self._wiring
        outbox = self._outbox = TransactionalOutbox(
            wiring.producer,
            f"{wiring.transactional_prefix}.{self.partition}",
            {**wiring.outputs, "changelog": wiring.changelog},
            self.partition,
            self._clock,
            self.watch.queue_full,
        )
        outbox.fence()
        self.life.enter(Stage.RESTORING)
        state = self._state = self._restored(stopped)
        processor = self._processor = self._parts.processor(self.partition, state, outbox)
        if processor.next_offset < 0:
            processor.start(first_offset(wiring.consumer, wiring.source, self.partition))
        elif not self._clock.at(time.monotonic()):
            self._ask_for_the_time(processor, outbox)
        self.life.enter(Stage.READY)

    def take(self, batch: Batch, stopped: Callable[[], bool]) -> None:
        """Process a batch, round by round, until `stopped`. Raises as PartitionProcessor.process."""
        processor = self._opened()
        while not stopped():
            begun = time.monotonic()
            with self._noting_damage():
                taken = self._pace.round(processor, lambda: processor.process(batch))
            self.watch.taken(self.partition, batch, taken, time.monotonic() - begun)
            if taken.finished:
                return

    def catch_up(self) -> None:
        """One round of what is `behind`."""
        begun, processor = time.monotonic(), self._opened()
        with self._noting_damage():
            taken = self._pace.round(processor, processor.catch_up)
        if taken.counts.timers or taken.counts.records:
            self._tell(taken, begun)

    def idle(self, until: int) -> None:
        """See PartitionProcessor.idle."""
        begun = time.monotonic()
        taken = self._opened().idle(until)
        self._tell(taken, begun)

    def sweep(self) -> None:
        """See PartitionProcessor.sweep."""
        begun, processor = time.monotonic(), self._opened()
        before = processor.checkpoint.sweep
        with self._noting_damage():
            taken = processor.sweep()
        sweep = processor.checkpoint.sweep
        if sweep != before:
            self._tell(taken, begun)
            self._sweep_log.slice(sweep, taken.counts.swept)

    def graft(self, records: Sequence[Record]) -> None:
        """See PartitionProcessor.graft."""
        processor, finished = self._opened(), False
        before = processor.checkpoint.grafting
        while not finished:
            begun = time.monotonic()
            with self._noting_damage():
                taken = processor.graft(records)
            self._tell(taken, begun)
            finished = taken.finished
        tell_grafts(self.partition, before, processor.checkpoint.grafting)

    def close(self) -> None:
        """Release the store and the producer; nothing of the partition is touched after this. Idempotent."""
        self._release()
        if self.life.stage is not Stage.CLOSED:
            self.life.enter(Stage.CLOSED)

    def fail(self) -> None:
        """Give up, until someone looks."""
        self._release()
        self.life.enter(Stage.FAILED)

    def _tell(self, taken: Taken, begun: float) -> None:
        """Of a round without a batch."""
        nothing = Batch(self._wiring.source, self.partition, -1, ())
        self.watch.taken(self.partition, nothing, taken, time.monotonic() - begun)

    def _opened(self) -> AnyProcessor:
        if self._processor is None:
            raise RuntimeError(f"partition {self.partition} is {self.life.stage}")
        return self._processor

    def _restored(self, stopped: Callable[[], bool]) -> StatePartition:
        """The state as its changelog says, from scratch if the local one is of no use."""
        if self._damaged:
            self._discard(StateCorrupt("damaged blocks were met"))
            self._damaged = False
        for last_try in (False, True):
            state: StatePartition | None = None
            try:
                state = self._parts.open_state(self.partition)
                restored = self._restore(state, stopped)
                self.watch.restored(self.partition, restored)
                log.info(
                    "State is restored.",
                    extra={
                        "partition": self.partition,
                        "records": restored.records,
                        "seconds": round(restored.seconds, 2),
                    },
                )
                return state
            except (StateCorrupt, AheadOfChangelog, StateTooOld) as error:
                if state is not None:
                    state.close()
                if last_try:
                    raise
                self._discard(error)
            except BaseException:
                if state is not None:
                    state.close()
                raise
        raise AssertionError("unreachable")

    def _discard(self, why: Exception) -> None:
        log.warning("Local state is of no use, restoring it all: %s", why, extra={"partition": self.partition})
        self._parts.discard_state(self.partition)
        self.watch.discarded(self.partition, type(why).__name__)

    @contextlib.contextmanager
    def _noting_damage(self) -> Iterator[None]:
        try:
            yield
        except StateCorrupt:
            self._damaged = True
            raise

    def _restore(self, state: StatePartition, stopped: Callable[[], bool]) -> Restored:
        return restore(
            self._wiring.consumer,
            self._wiring.changelog,
            self.partition,
            self._parts.restoring(state),
            stopped,
            self._restoring,
        )

    def _restoring(self, records: int, left: int) -> None:
        self.steps += 1
        self.watch.restoring(self.partition, records, left)

    def _ask_for_the_time(self, processor: AnyProcessor, outbox: TransactionalOutbox) -> None:
        """Write the checkpoint once more: only a delivery report tells what time the brokers have."""
        outbox.begin()
        outbox.produce(changelog(self.partition, (), processor.checkpoint))
        outbox.commit()

    def _release(self) -> None:
        processor, self._processor = self._processor, None
        outbox, self._outbox = self._outbox, None
        state, self._state = self._state, None
        if processor is not None:
            processor.close()
        if outbox is not None:
            outbox.close()
        if state is not None:
            state.close()
