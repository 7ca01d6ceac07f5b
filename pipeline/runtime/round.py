"""A round of the shopper fold, as far as it has come."""

from bisect import bisect_left
from collections.abc import Iterable

from pipeline.domain.event import Event
from pipeline.domain.identity.letter import encode_item
from pipeline.runtime.dead_letter import dead_letter
from pipeline.runtime.dead_letter_limit import NOT_COUNTED
from pipeline.runtime.fold import Counts, Refused, tally
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, Checkpoint, Output


class Round:
    """What the records from `start` on have led to. checkpoint: this round's own. letters: positions of the dead
    letters that count towards the limit, among the records but for progress. progress: indexes of the progress records
    met. unsorted: see `sort`."""

    __slots__ = ("batch", "checkpoint", "counts", "letters", "outputs", "progress", "start", "unsorted")

    def __init__(self, batch: Batch, checkpoint: Checkpoint, start: int) -> None:
        self.batch = batch
        self.checkpoint = checkpoint
        self.start = start
        self.counts = Counts()
        self.letters: list[int] = []
        self.outputs: list[Output] = []
        self.progress: list[int] = []
        self.unsorted: list[tuple[int, int]] = []

    def write_to(self, others: Iterable[Event]) -> None:
        """Send events to the shoppers that they are for."""
        self.outputs += [Output(SHOPPER_EVENTS, event.shopper.encode(), encode_item(event)) for event in others]

    def refuse(self, index: int, why: Refused, limit: int) -> None:
        """Send a record to the dead letters. limit: see dead_letter.py."""
        batch, counts = self.batch, self.counts
        letter = dead_letter(batch.records[index], batch.topic, batch.partition, why.reason, why.detail, limit=limit)
        self.outputs.append(letter)
        tally(counts.dead, (why.reason,))
        if why.reason not in NOT_COUNTED:
            self.letters.append(index - self.start - bisect_left(self.progress, index))

    def turn_away(self, index: int, refusal: str, limit: int) -> None:
        """What the core refuses: a duplicate is counted, the rest are dead letters."""
        if refusal == "duplicate":
            self.counts.duplicates += 1
        else:
            self.refuse(index, Refused(refusal), limit)

    def sort(self, begun: int) -> None:
        """Bring the outputs from `begun` on, and the letters, to the order of the records that led to them.

        `unsorted` has for each record that led to some, in order of the outputs: its index, and where its own begin.
        """
        marks, self.unsorted = self.unsorted, []
        self.letters.sort()
        if len(marks) > 1:
            outputs = self.outputs
            ends = [first for _, first in marks[1:]] + [len(outputs)]
            parts = sorted((index, first, end) for (index, first), end in zip(marks, ends, strict=True))
            outputs[begun:] = [output for _, first, end in parts for output in outputs[first:end]]
