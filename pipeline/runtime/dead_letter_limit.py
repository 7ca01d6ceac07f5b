"""When dead letters are too many: it is the producer or we that are broken, and the partition stops instead of emptying
its topic into the dead letters. The numbers follow Arroyo's limit (runtime-facts.md, B2)."""

from collections.abc import Mapping, Sequence

import msgspec

from pipeline.runtime.ports import Batch, Hopeless, LetterCount

NOT_COUNTED = frozenset({"late"})
"""Reasons that say nothing of a broken producer: history sent late is well-formed, and orders and points take it."""


class TooManyDeadLetters(Hopeless):
    """The limit is passed; nothing of the batch was taken."""


class DeadLetterLimit(msgspec.Struct, frozen=True):
    """ratio: of records, 1 = no limit at all. among: records over which it is taken, in stretches of the partition that
    lie end to end. row: dead letters in a row.

    What is counted lies in the checkpoint: neither a restart nor a rebalance begins anew, and how records are cut into
    batches changes nothing.
    """

    ratio: float = 0.1
    among: int = 10_000
    row: int = 1_000

    def count(self, before: LetterCount, dead: Sequence[int], taken: int) -> LetterCount | None:
        """The count after `taken` further records, of which those at the positions `dead` (from 0, rising) are dead
        letters; None: too many."""
        if self.ratio >= 1:
            return before
        row, letters, seen, done = before.row, before.dead, before.seen, 0
        for position in dead:
            if position > done:
                row = 0
            letters, seen = self._pass(letters, seen, position - done)
            row, letters, seen, done = row + 1, letters + 1, seen + 1, position + 1
            if row >= self.row or letters > self.ratio * self.among:
                return None
            letters, seen = self._pass(letters, seen, 0)
        letters, seen = self._pass(letters, seen, taken - done)
        return LetterCount(0 if taken > done else row, letters, seen)

    def counted(
        self, batch: Batch, before: LetterCount, dead: Sequence[int], taken: int, reasons: Mapping[str, int]
    ) -> LetterCount:
        """As `count`. reasons: of the round's dead letters, how often. Raises TooManyDeadLetters."""
        after = self.count(before, dead, taken)
        if after is None:
            most = max(reasons, key=lambda reason: reasons[reason])
            raise TooManyDeadLetters(
                f"{batch.topic}[{batch.partition}] has more than {self.ratio:.0%} dead letters among {self.among:,} "
                f"records, or {self.row:,} in a row (most often {most}); it stops before offset {batch.follows + 1}. "
                "Mend what writes the topic, or let them pass with a greater AFTERCLICK_DEAD_LETTER_RATIO (1: no limit)"
            )
        return after

    def _pass(self, letters: int, seen: int, records: int) -> tuple[int, int]:
        seen += records
        return (letters, seen) if seen < self.among else (0, seen % self.among)


UNLIMITED = DeadLetterLimit(ratio=1.0)
