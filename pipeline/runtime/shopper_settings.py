"""What bounds the shopper agent's rounds."""

import msgspec

from pipeline.runtime.dead_letter import DEFAULT_LIMIT
from pipeline.runtime.dead_letter_limit import UNLIMITED, DeadLetterLimit
from pipeline.runtime.ports import SHOPPER_LIMIT


class Settings(msgspec.Struct, frozen=True):
    """sources: partitions of the source of progress (clickstream). stall: ms, None with `tick: off`; see progress.py.

    timers: most due entries that one round takes until `Fold.pace` says otherwise, so that a transaction stays small
    however many are due at once.
    timers_first: whether records wait until all that is due before them has fired. Else they are taken while more is
    due than a round fires; a shopper's own timers fire before the shopper's records in either case, so that each
    shopper's decisions are the same, and only those of different shoppers come in another order.
    cache_bytes: bound of the partition's cache of records, in memory, where it shares no budget with others.
    dead_letter_bytes: see dead_letter.py.
    poison: most records of one batch that may make the core fail and go to the dead letters; with more, it is the core
    that is broken, and the partition stops. letters: most dead letters of all kinds. shopper_bytes: bound of one
    shopper's record; an event that would make it longer is a dead letter. sweep: about how many records one slice of a
    sweep brings under the present plan; a batch may have to wait for it.
    """

    sources: int
    stall: int | None
    timers: int = 2_000
    timers_first: bool = True
    cache_bytes: int = 24 * 1024 * 1024
    dead_letter_bytes: int = DEFAULT_LIMIT
    poison: int = 20
    letters: DeadLetterLimit = UNLIMITED
    shopper_bytes: int = SHOPPER_LIMIT
    sweep: int = 1_000
