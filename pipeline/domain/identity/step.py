"""Steps: what came of one item of a shopper, with all that had waited for it."""

import msgspec

from pipeline.domain.identity.letter import Letter
from pipeline.domain.outcome import Outcome


class Told(msgspec.Struct, gc=False):
    """What came of one record. place: of the record in its source. value: the record, of one that had waited."""

    place: int
    outcome: Outcome
    value: bytes | None = None


class Step(msgspec.Struct, gc=False):
    """told: in order of cause. letters: to be sent with them, all or nothing."""

    told: list[Told]
    letters: list[Letter]
