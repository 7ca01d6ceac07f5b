"""A round of the shopper fold, as far as it has come."""

from pipeline.runtime.dead_letter import dead_letter
from pipeline.runtime.dead_letter_limit import NOT_COUNTED
from pipeline.runtime.fold import Counts, Refused, tally
from pipeline.runtime.ports import Batch, Checkpoint, Output


class Round:
    """What the records from `start` on have led to. checkpoint: this round's own. entries: due entries met. letters:
    positions of the dead letters that count towards the limit, among the records but for progress."""

    __slots__ = ("batch", "checkpoint", "counts", "entries", "letters", "outputs", "start")

    def __init__(self, batch: Batch, checkpoint: Checkpoint, start: int) -> None:
        self.batch = batch
        self.checkpoint = checkpoint
        self.start = start
        self.counts = Counts()
        self.entries = 0
        self.letters: list[int] = []
        self.outputs: list[Output] = []

    def refuse(self, index: int, why: Refused, limit: int) -> None:
        """Send a record to the dead letters. limit: see dead_letter.py."""
        batch, counts = self.batch, self.counts
        letter = dead_letter(batch.records[index], batch.topic, batch.partition, why.reason, why.detail, limit=limit)
        self.outputs.append(letter)
        tally(counts.dead, (why.reason,))
        if why.reason not in NOT_COUNTED:
            self.letters.append(index - self.start - counts.progress)
