"""The value of a property that a shopper's events had most often, in a sliding window or of all time."""

from bisect import bisect_right
from typing import Any

import xxhash

from pipeline.domain.definition import Path, Selection
from pipeline.domain.derived import Derived, Seen
from pipeline.domain.segments.filter_index import discriminator
from pipeline.domain.segments.frame import Frame
from pipeline.domain.segments.window import LIMIT, fingerprint
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.extent import ELEMENTS
from pipeline.domain.value.operator import compile_filters, compile_mistyped, equality_key
from pipeline.domain.value.path import elements, reach
from pipeline.domain.window_definition import Within

# Different values that one trait keeps of a shopper, and the longest text that is one. What is left out is counted as
# `trait_truncated`, `trait_value_too_long` and, of objects, `trait_value_mistyped`.
VALUES = 1_000
LONGEST = 200


class MostFrequent:
    """Counts values. Equal ones ("10" and 10) are one, spelled as the latest of them by event time. With `VALUES` kept,
    the least frequent goes, of equals the one longest not seen; a window keeps its `LIMIT` latest.

    frame: of a window that does not slide.
    """

    __slots__ = (
        "_frame",
        "_mistyped",
        "_passes",
        "_path",
        "_within",
        "depth",
        "discriminator",
        "former",
        "key",
        "meaning",
        "reads_properties",
    )

    def __init__(self, selection: Selection, path: Path, within: Within, frame: Frame | None = None) -> None:
        self._passes = compile_filters(selection.where)
        self._mistyped = compile_mistyped(selection.where)
        self._path = path
        self._within = within
        self._frame = frame
        self.discriminator = discriminator(selection)
        self.reads_properties = True
        self.meaning = ("most_frequent", selection, path, within)
        self.key = fingerprint(self.meaning)
        self.depth = 0
        self.former: tuple[int, ...] = ()

    def shared_with(self, other: "MostFrequent") -> "MostFrequent":
        return self

    def exceeds(self, state: list[int]) -> bool:
        return False

    def cut(self, state: list[int]) -> None:
        """Nothing: there is but one depth."""

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None:
        """Fold in one event of event time `at`, if it passes the filters."""
        if self._passes is not None and not self._passes(properties, at):
            if self._mistyped is not None and self._mistyped(properties):
                remarks.append("filter_mistyped")
            return
        if self._frame is not None:
            _drop(self._counted(shopper), self._frame.forgets(shopper))
        found = elements(reach(properties, self._path))
        if len(found) > ELEMENTS:
            remarks.append("values_truncated")
        for value in found[:ELEMENTS]:
            if isinstance(value, (dict, list)):
                remarks.append("trait_value_mistyped")
                continue
            if isinstance(value, str) and len(value) > LONGEST:
                remarks.append("trait_value_too_long")
                continue
            self._count(shopper, at, value, remarks)

    def join(self, shopper: Shopper, other: dict[int, Seen], remarks: list[str]) -> None:
        """Take in what was seen of other events; none may be in both."""
        derived = shopper.derived
        if derived is None:
            derived = shopper.derived = Derived()
        counted = derived.seen.setdefault(self.key, {})
        for name, one in other.items():
            seen = counted.setdefault(name, Seen(one.value, one.latest))
            if (one.latest, repr(one.value)) > (seen.latest, repr(seen.value)):
                seen.value, seen.latest = one.value, one.latest
            seen.count += one.count
            seen.times = sorted((*one.times, *seen.times))
        if self._frame is not None:
            _drop(counted, self._frame.forgets(shopper))
        while self._bound(counted, remarks):
            pass

    def value(self, shopper: Shopper, now: int) -> tuple[Any, int]:
        """(the value, None of nothing; when it may next change by itself, ms, 0 = never)."""
        leading, due = self.leading(shopper, now)
        return (None if leading is None else leading.value), due

    def leading(self, shopper: Shopper, now: int) -> tuple[Seen | None, int]:
        """As `value`, with how often it was seen. Ties go to the latest seen, then to the later by its text."""
        counted = self._counted(shopper)
        if not counted:
            return None, 0
        if self._frame is not None:
            framed = [one for seen in counted.values() if (one := _later(seen, self._frame.after(shopper, now))).times]
            return max(framed, key=_rank, default=None), self._frame.leaves(shopper, now, now) if framed else 0
        soonest = self._expire(counted, now) if isinstance(self._within, int) else 0
        if not counted:
            return None, 0
        return max(counted.values(), key=_rank), soonest

    def _counted(self, shopper: Shopper) -> dict[int, Seen]:
        return shopper.derived.seen.get(self.key, {}) if shopper.derived is not None else {}

    def _count(self, shopper: Shopper, at: int, value: Any, remarks: list[str]) -> None:
        derived = shopper.derived
        if derived is None:
            derived = shopper.derived = Derived()
        counted = derived.seen.setdefault(self.key, {})
        name = xxhash.xxh3_64_intdigest(repr(equality_key(value)).encode()) >> 1
        seen = counted.get(name)
        if seen is None:
            seen = counted[name] = Seen(value, at)
        elif (at, repr(value)) > (seen.latest, repr(seen.value)):
            seen.value, seen.latest = value, at
        seen.count += 1
        if self._within is not None:
            seen.times.append(at)
            if len(seen.times) > 1 and seen.times[-2] > at:
                seen.times.sort()
        self._bound(counted, remarks)

    def _bound(self, counted: dict[int, Seen], remarks: list[str]) -> bool:
        """Let go of one too many; whether there was one."""
        bound = len(remarks)
        if len(counted) > VALUES:
            remarks.append("trait_truncated")
            del counted[min(counted, key=lambda name: _rank(counted[name]))]
        if self._within is not None and sum(len(seen.times) for seen in counted.values()) > LIMIT:
            remarks.append("trait_truncated")
            oldest = min(counted, key=lambda name: counted[name].times[0])
            _forget(counted, oldest, 1)
        return len(remarks) > bound

    def _expire(self, counted: dict[int, Seen], now: int) -> int:
        """Forget what has left the sliding window; the instant (ms) at which the next one leaves."""
        within = self._within if isinstance(self._within, int) else 0
        _drop(counted, now - within)
        soonest = 0
        for seen in counted.values():
            if not soonest or seen.times[0] + within < soonest:
                soonest = seen.times[0] + within
        return soonest


def _rank(seen: Seen) -> tuple[int, int, str]:
    return seen.count, seen.latest, repr(seen.value)


def _later(seen: Seen, after: int) -> Seen:
    """What of the sightings is later than `after`, ms."""
    times = seen.times[bisect_right(seen.times, after) :]
    return Seen(seen.value, seen.latest, len(times), times)


def _drop(counted: dict[int, Seen], until: int) -> None:
    """Forget what was seen at `until`, ms, or before."""
    for name in list(counted):
        gone = bisect_right(counted[name].times, until)
        if gone:
            _forget(counted, name, gone)


def _forget(counted: dict[int, Seen], name: int, number: int) -> None:
    seen = counted[name]
    del seen.times[:number]
    seen.count -= number
    if not seen.count:
        del counted[name]
