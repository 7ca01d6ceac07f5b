"""Histories that were two before their ids met: what each side came to is folded apart, and then put together."""

from collections.abc import Callable
from typing import TypeVar

from tests.oracle.history import Record

MEETING = "$meeting"
Fold = TypeVar("Fold")


def meeting(device: str, user: str, claim: Record) -> Record:
    """Stands in a user's history where that of a device came to it, before the claim."""
    name, at = f"meeting {device} {user}", claim.received
    return Record(claim.index, "meeting", MEETING, user, at, at, name, {"device": device})


def folded(
    records: list[Record],
    begin: Callable[[], Fold],
    apply: Callable[[Fold, Record], object],
    meet: Callable[[Fold, Fold, Record], object],
) -> Fold:
    """What the records come to. meet: puts the device's to the user's, which is the first."""
    sides: dict[str, Fold] = {}
    for record in records:
        if record.shopper not in sides:
            sides[record.shopper] = begin()
        if record.name == MEETING:
            theirs = sides.pop(record.body["device"], None)
            meet(sides[record.shopper], begin() if theirs is None else theirs, record)
        else:
            apply(sides[record.shopper], record)
    return sides[records[-1].shopper] if records else begin()
