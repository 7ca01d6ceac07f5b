"""What came of a record, or of passing time."""

import msgspec

from pipeline.domain.decision import Decision
from pipeline.domain.event import Event


class Outcome(msgspec.Struct, gc=False):
    """What came of a record or of passing time.

    refusal: None, `duplicate` (dropped), or the reason of a dead letter: `duplicate_mismatch`, `late` (orders and
    loyalty still took it). remarks: names of things to count, as `unknown_currency`. letters: events for others.
    """

    decisions: list[Decision]
    remarks: list[str]
    refusal: str | None = None
    letters: list[Event] = []
