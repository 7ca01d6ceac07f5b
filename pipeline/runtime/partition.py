"""The partition processor: the one road by which a batch of records becomes decisions and state."""

from collections.abc import Callable, Sequence
from itertools import chain
from typing import Any, Generic

import msgspec

from pipeline.runtime.checkpoint import changelog, copy_checkpoint
from pipeline.runtime.fold import Counts, Decoded, Effects, Fold
from pipeline.runtime.ports import (
    Batch,
    Checkpoint,
    Fenced,
    Hopeless,
    Outbox,
    Record,
    StatePartition,
    StateWrite,
    Uncertain,
)

STEPS = ("decode", "fold", "begin", "produce", "commit", "store")
"""Steps of a round; `at` is called with `before STEP` and `after STEP`. Step 7, acknowledging, is the caller's."""


class Discontinuity(Exception):
    """The batch does not follow what was last taken: seek the source to `next_offset` and go on from there."""

    def __init__(self, next_offset: int, follows: int) -> None:
        super().__init__(f"batch follows offset {follows}, expected {next_offset - 1}")
        self.next_offset = next_offset
        self.follows = follows


class SourceWentBack(Hopeless):
    """The source has records again at offsets that were taken: it was deleted and made anew, or lost its end."""


class ProcessorClosed(Exception):
    """This processor takes nothing any more; the message says why and what has to be done first."""


class Taken(msgspec.Struct, gc=False):
    """What a call achieved. finished False: call again with the same batch. next_offset and time: see Checkpoint."""

    finished: bool
    next_offset: int
    time: int
    counts: Counts


def _nowhere(step: str) -> None:
    """The crash point of production."""


class PartitionProcessor(Generic[Decoded]):
    """Takes the batches of one partition, exactly once each.

    Invariants (runtime-facts.md, B5): I1 the checkpoint's next_offset never goes back, and a batch is taken only if it
    begins there; I2 the store holds nothing that is not committed in the changelog; I3 values and checkpoint of the
    store belong together; I6 nothing is written or produced once closed. On any failure before the commit the
    processor stands at its checkpoint and the same batch may come again; on any doubt it closes for good, and the
    partition has to be fenced and restored anew. It is called by one thread at a time.

    at: called at each crash point; for tests.
    """

    def __init__(
        self,
        topic: str,
        partition: int,
        fold: Fold[Decoded],
        state: StatePartition,
        outbox: Outbox,
        at: Callable[[str], None] = _nowhere,
    ) -> None:
        self.topic = topic
        self.partition = partition
        self._fold = fold
        self._state = state
        self._outbox = outbox
        self._at = at
        self._checkpoint = state.checkpoint()
        self._closed = ""
        self._batch: Batch | None = None
        self._decoded: list[Decoded] = []
        self._position = 0
        self._behind = True
        self.sweeping = True
        """Whether records may be left of another plan than the present one."""

    @property
    def next_offset(self) -> int:
        """Where the source has to be read on; -1: never started, see `start`."""
        return self._checkpoint.next_offset

    @property
    def behind(self) -> bool:
        """Whether `catch_up` may have something to do: the rest of a batch, or timers that are due."""
        return self._behind or self._batch is not None

    @property
    def checkpoint(self) -> Checkpoint:
        return copy_checkpoint(self._checkpoint)

    @property
    def closed(self) -> str:
        """Why nothing is taken any more; empty while open."""
        return self._closed

    def start(self, offset: int) -> None:
        """Fix where a partition without a checkpoint begins, durably; nothing to do for one that has one.

        So a first batch that gets lost on its way is noticed, and a changelog is never empty.
        """
        if self._checkpoint.next_offset < 0:
            checkpoint = copy_checkpoint(self._checkpoint)
            checkpoint.next_offset = offset
            self._make_happen(Effects(checkpoint, 0, True, Counts(), []))

    def process(self, batch: Batch) -> Taken:
        """Take a batch, or a bounded part of it: call again with the same batch until `finished`.

        Raises Discontinuity (nothing was taken), SourceWentBack, ProcessorClosed, OutboxError (nothing was taken, may
        be given again), Fenced and Uncertain (closed).
        """
        self._check_open()
        if batch is not self._batch:
            if self._checkpoint.next_offset < 0 or batch.follows != self._checkpoint.next_offset - 1:
                raise Discontinuity(self._checkpoint.next_offset, batch.follows)
            if batch.records and batch.records[0].offset < self._checkpoint.next_offset:
                raise SourceWentBack(
                    f"{self.topic}[{self.partition}] begins anew at offset {batch.records[0].offset}, all before "
                    f"{self._checkpoint.next_offset} was taken: the topic was deleted and made anew, or lost its end"
                )
            self._at("before decode")
            self._decoded = self._fold.decode(batch)
            self._batch, self._position = batch, 0
            self._at("after decode")
        return self._round(batch)

    def catch_up(self) -> Taken:
        """Do what the checkpoint says is due and a crash, or the bound of a round, left behind. Until `finished`, which
        is when nothing is `behind` any more."""
        self._check_open()
        taken = self._round(self._nothing() if self._batch is None else self._batch)
        taken.finished = not self.behind
        return taken

    def idle(self, until: int) -> Taken:
        """The source partition is read to its end, and whatever was received before `until` (ms) is in it."""
        self._check_open()
        effects = self._fold.idle(self.partition, self._checkpoint, until)
        if effects is not None:
            self._make_happen(effects)
        return self._taken(effects.counts if effects else Counts(), True)

    def sweep(self) -> Taken:
        """Bring a bounded number of records under the present plan, if no batch is in hand. Until not `sweeping`."""
        self._check_open()
        if self._batch is not None:
            return self._taken(Counts(), False)
        try:
            effects = self._fold.sweep(self._nothing(), self._checkpoint)
        except BaseException:
            self._fold.drop()
            raise
        if effects is not None:
            self._make_happen(effects)
        self.sweeping = effects is not None and not effects.finished
        return self._taken(effects.counts if effects is not None else Counts(), not self.sweeping)

    def graft(self, records: Sequence[Record]) -> Taken:
        """Take in these records of the log of grafts, if no batch is in hand; the checkpoint says how many. Again with
        the same until `finished`."""
        self._check_open()
        if self._batch is not None:
            return self._taken(Counts(), True)
        try:
            effects = self._fold.graft(self._nothing(), records, self._checkpoint)
        except BaseException:
            self._fold.drop()
            raise
        if effects is None:
            self._fold.drop()
            return self._taken(Counts(), True)
        self._make_happen(effects)
        return self._taken(effects.counts, effects.finished)

    def close(self) -> None:
        """Take nothing any more. Idempotent; state and outbox are the owner's to close."""
        self._shut("closed by its owner")

    def pace(self, timers: int) -> None:
        """See fold.Fold.pace."""
        self._fold.pace(timers)

    def _nothing(self) -> Batch:
        return Batch(self.topic, self.partition, self.next_offset - 1, ())

    def _round(self, batch: Batch) -> Taken:
        self._at("before fold")
        try:
            effects = self._fold.fold(batch, self._decoded, self._position, self._checkpoint)
        except BaseException:
            self._fold.drop()
            raise
        self._at("after fold")
        if effects.taken or effects.values or effects.due_dropped or effects.outputs:
            self._make_happen(effects)
        self._position += effects.taken
        if effects.finished:
            self._batch, self._decoded, self._position = None, [], 0
        self._behind = effects.behind
        return self._taken(effects.counts, effects.finished)

    def _make_happen(self, effects: Effects) -> None:
        """Write order of a batch (architecture.md, "Guarantee"). 1 decode and 2 fold are done; 7 is the caller's."""
        at, outbox = self._at, self._outbox
        begun = False
        try:
            at("before begin")
            outbox.begin()  # 3
            begun = True
            at("after begin")
            at("before produce")
            outbox.produce(  # 4
                chain(effects.outputs, changelog(self.partition, effects.values, effects.checkpoint))
            )
            at("after produce")
            at("before commit")
            offset = outbox.commit()  # 5
        except BaseException as error:
            self._undo(error, begun)
            raise
        try:
            at("after commit")
            at("before store")
            self._state.write(  # 6
                StateWrite(effects.values, offset, effects.checkpoint, effects.due_added, effects.due_dropped)
            )
            self._fold.keep()
            at("after store")
        except BaseException:
            # Committed, but not in the store: only the changelog knows.
            self._shut("the store could not be written: reopen and restore it")
            raise
        self._checkpoint = effects.checkpoint

    def _undo(self, error: BaseException, begun: bool) -> None:
        self._fold.drop()
        if isinstance(error, Fenced):
            self._shut("another worker owns the partition")
        elif isinstance(error, Uncertain):
            self._shut("a commit's outcome is not known: fence and restore the partition")
        elif begun and isinstance(error, Exception):
            try:
                self._outbox.abort()
            except Exception:
                self._shut("a transaction could not be aborted: fence and restore the partition")

    def _taken(self, counts: Counts, finished: bool) -> Taken:
        return Taken(finished, self._checkpoint.next_offset, self._checkpoint.time, counts)

    def _check_open(self) -> None:
        if self._closed:
            raise ProcessorClosed(f"{self.topic}[{self.partition}]: {self._closed}")

    def _shut(self, why: str) -> None:
        if not self._closed:
            self._closed = why
            self._batch, self._decoded = None, []
            self._fold.drop()


AnyProcessor = PartitionProcessor[Any]
