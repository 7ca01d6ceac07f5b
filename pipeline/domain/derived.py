"""What is kept in a shopper's record of the journey and of computed traits."""

import msgspec


class Derived(msgspec.Struct, array_like=True, gc=False):
    """Stage and computed traits of a shopper. due: the earliest instant (ms) at which any may change, 0 = none.

    stage: "" before the first. stage_changes: told so far. stage_due: see due.
    """

    due: int = 0
    stage: str = ""
    stage_changes: int = 0
    stage_due: int = 0
