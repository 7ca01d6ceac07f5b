"""A fold: what an agent makes of the records of a partition. Pure of delivery; the processor makes it happen."""

from collections.abc import Iterable, Sequence
from typing import Protocol, TypeVar

import msgspec

from pipeline.domain.decision import Decision
from pipeline.runtime.decision_kind import Kind, kind_of
from pipeline.runtime.ports import Batch, Checkpoint, DueEntry, Output, Record


class Refused(msgspec.Struct, gc=False):
    """A record that goes to the dead letters instead of being taken."""

    reason: str
    detail: str = ""


class Counts(msgspec.Struct, gc=False):
    """What a round has to tell to metrics. No identities in it.

    raised: records whose received time had to be brought up to their shopper's now, partition time, or what their
    source partition had reached. entries: of the due-time index that were met. first_due: when the first of the timers
    was due, ms; 0: none fired. dead: dead letters by reason. decisions: by topic; kinds: of them, see decision_kind.py.
    remarks: what the core thinks worth counting, and intake's flags. hits, misses: of the cache of decoded records.
    swept: records that a sweep brought under the present plan. grafted: records that a graft was joined to.
    """

    records: int = 0
    events: int = 0
    progress: int = 0
    raised: int = 0
    duplicates: int = 0
    entries: int = 0
    timers: int = 0
    first_due: int = 0
    shoppers: int = 0
    hits: int = 0
    misses: int = 0
    swept: int = 0
    grafted: int = 0
    dead: dict[str, int] = {}
    decisions: dict[str, int] = {}
    kinds: dict[Kind, int] = {}
    remarks: dict[str, int] = {}

    def count(self, decision: Decision) -> None:
        """One more of its topic, and of its kind."""
        topic, decisions = decision.topic, self.decisions
        decisions[topic] = decisions.get(topic, 0) + 1
        kind = kind_of(decision)
        if kind is not None:
            self.kinds[kind] = self.kinds.get(kind, 0) + 1

    def fire(self, due: int) -> None:
        """One more timer that was due at `due`, ms. They come in order."""
        self.timers += 1
        if not self.first_due:
            self.first_due = due


class Effects(msgspec.Struct, gc=False):
    """What one round of a fold wants to happen, all or nothing.

    taken: records of the batch taken in, from the one that the round began with. finished False: call again with the
    rest (possibly none), under the checkpoint of these effects. behind: timers are due that wait for a later round.
    """

    checkpoint: Checkpoint
    taken: int
    finished: bool
    counts: Counts
    outputs: list[Output]
    values: Sequence[tuple[bytes, bytes | None]] = ()
    due_added: Sequence[DueEntry] = ()
    due_dropped: Sequence[DueEntry] = ()
    behind: bool = False


def tally(counter: dict[str, int], names: Iterable[str]) -> None:
    """Count each of `names` once more."""
    for name in names:
        counter[name] = counter.get(name, 0) + 1


Decoded = TypeVar("Decoded")


class Fold(Protocol[Decoded]):
    """Life of a round: `decode` (once a batch), `fold`, then `keep` or `drop`.

    Determinism (I8): how records are cut into batches and rounds changes nothing of outputs, state and checkpoint, but
    for the order of different shoppers' outputs where timers are behind.
    """

    def decode(self, batch: Batch) -> list[Decoded]:
        """One item a record, at least for those that decide the course of a round; None: read when it is its turn.
        Never raises for what a record holds."""
        ...

    def fold(self, batch: Batch, decoded: list[Decoded], start: int, checkpoint: Checkpoint) -> Effects:
        """Fold the records from index `start` on; `checkpoint` stays as it is."""
        ...

    def refused(self, record: Record, item: Decoded | None, error: Exception) -> Decoded | None:
        """What stands for a record that makes `fold` fail, or `decode` (then item is None): a dead letter. None: this
        one may not be left out."""
        ...

    def idle(self, partition: int, checkpoint: Checkpoint, until: int) -> Effects | None:
        """The source partition is read to its end and all received before `until` (ms) is in it; None: nothing new."""
        ...

    def sweep(self, batch: Batch, checkpoint: Checkpoint) -> Effects | None:
        """Bring a bounded number of records under the present plan; None: all are. batch: empty, says where we are."""
        ...

    def graft(self, batch: Batch, records: Sequence[Record], checkpoint: Checkpoint) -> Effects | None:
        """Take in these records of the log of grafts, as many as can be now; None: none. batch: as in `sweep`. Until
        finished, which is when timers did not come in between."""
        ...

    def pace(self, timers: int) -> None:
        """From the next round on: most due entries that one takes. By I8 it is not for a fold to know why."""
        ...

    def keep(self) -> None:
        """The effects happened."""
        ...

    def drop(self) -> None:
        """They did not: forget whatever is not in the store."""
        ...
