"""What is kept in a shopper's record of the journey and of computed traits."""

from typing import Any

import msgspec


class Told(msgspec.Struct, array_like=True, gc=False):
    """What was said last of a computed trait: its value, JSON-like, and how many changes so far. due: see Derived."""

    value: Any = None
    changes: int = 0
    due: int = 0


class Seen(msgspec.Struct, array_like=True, gc=False):
    """How often a value was seen, and when last (event time, ms). times: of each sighting, sorted, in windows only."""

    value: Any
    latest: int
    count: int = 0
    times: list[int] = []


class Derived(msgspec.Struct, array_like=True, gc=False):
    """Stage and computed traits of a shopper. due: the earliest instant (ms) at which any may change, 0 = none.

    stage: "" before the first. stage_changes: told so far. stage_due: see due.
    told: by name of the trait. seen: values of `most_frequent`, by fingerprint of the trait and of the value.
    """

    due: int = 0
    stage: str = ""
    stage_changes: int = 0
    stage_due: int = 0
    told: dict[str, Told] = {}
    seen: dict[int, dict[int, Seen]] = {}
