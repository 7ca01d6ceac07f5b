"""One aggregate condition over a shopper's events, compiled: which events it takes, what it keeps, what it says."""

import operator
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any, Protocol

import msgspec
import xxhash

from pipeline.domain.definition import Aggregate, Bound, Path
from pipeline.domain.segments.filter_index import Discriminator, discriminator
from pipeline.domain.segments.lifetime import (
    LifetimeAverage,
    LifetimeCount,
    LifetimeDistinct,
    LifetimeExtreme,
    LifetimeSum,
)
from pipeline.domain.segments.sliding import (
    SlidingCount,
    SlidingDistinct,
    SlidingMoments,
    SlidingSum,
    SlidingThreshold,
    alone,
)
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.extent import ELEMENTS
from pipeline.domain.value.number import to_micro
from pipeline.domain.value.operator import compile_bounds, compile_filters, compile_mistyped, equality_key
from pipeline.domain.value.path import elements, reach

# A sliding window of more elements than this loses its oldest ones; counted as `window_truncated`.
LIMIT = 10_000
_ROOM = 2 * LIMIT

# Length of a window whose bounds the tally is not told: it keeps, and does not say; see framed.py.
UNTOLD = 1


class Tally(Protocol):
    """How one kind of aggregate folds an event into its flat integer state, joins the state of other events, and reads
    it."""

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None: ...

    def join(self, state: list[int], other: Sequence[int]) -> None: ...

    def look(self, state: list[int], now: int) -> tuple[bool, int]: ...


class Folded(Protocol):
    """State that events of a name are folded into, as the engine sees it: see Window."""

    key: int
    meaning: Any
    depth: int
    former: tuple[int, ...]
    discriminator: Discriminator | None
    reads_properties: bool

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None: ...

    def join(self, shopper: Shopper, other: Any, remarks: list[str]) -> None: ...

    def shared_with(self, other: Any) -> "Folded": ...

    def exceeds(self, state: list[int]) -> bool: ...

    def cut(self, state: list[int]) -> None: ...


def fingerprint(meaning: Any) -> int:
    """A stable 32-bit name for a piece of state, from what it means."""
    return xxhash.xxh32_intdigest(msgspec.json.encode(meaning, order="deterministic"))


def keep_for(bounds: tuple[Bound, ...]) -> int:
    """How many of the latest elements a count needs so that every bound has its truth: n or n + 1 (semantics.md, 3)."""
    most = 1
    for bound in bounds:
        for value in bound.values:
            most = max(most, value if bound.op in ("at_least", "less_than") else value + 1)
    return min(most, LIMIT)


def _sliding_count(within: int, bounds: tuple[Bound, ...], keep: int) -> Tally:
    if len(bounds) == 1 and keep < LIMIT:
        bound = bounds[0]
        threshold = bound.values[0] + (bound.op in ("more_than", "at_most"))
        if threshold > 0 and bound.op in ("at_least", "more_than"):
            return SlidingThreshold(within, threshold, True)
        if threshold > 0 and bound.op in ("at_most", "less_than"):
            return SlidingThreshold(within, threshold, False)
    return SlidingCount(within, compile_bounds(bounds), keep)


def _tally(aggregate: Aggregate, keep: int) -> Tally:
    truth, within = compile_bounds(aggregate.bounds), aggregate.within
    if within is not None and not isinstance(within, int):
        within = UNTOLD
    match aggregate.function:
        case "count" if within:
            return _sliding_count(within, aggregate.bounds, keep)
        case "count":
            return LifetimeCount(truth)
        case "distinct":
            return SlidingDistinct(within, truth, keep) if within else LifetimeDistinct(truth, keep)
        case "sum":
            return SlidingSum(within, truth) if within else LifetimeSum(truth)
        case "avg":
            return SlidingMoments(within, truth, operator.add, Fraction) if within else LifetimeAverage(truth)
        case "min" | "max":
            pick = min if aggregate.function == "min" else max
            return SlidingMoments(within, truth, pick, alone) if within else LifetimeExtreme(truth, pick)
    raise ValueError(f"unknown aggregate {aggregate.function}")


class Window:
    """An aggregate condition. `take` an event that its selection names; ask `look` what it says now.

    key: its place in `Shopper.windows`, from the meaning of what it keeps: conditions that need the same state share
    it, and a threshold may change without losing history. depth: how many elements are kept, as many as the bounds of
    all that share it can tell apart; 0 = as many as there are. former: its places in records of format 1.
    """

    # What is counted where a value is no number, or for `distinct` no plain value.
    MISTYPED = "value_mistyped"

    __slots__ = (
        "_fingerprints",
        "_fold",
        "_join",
        "_latest",
        "_mistyped",
        "_passes",
        "_path",
        "_remarks",
        "_width",
        "depth",
        "discriminator",
        "former",
        "key",
        "look",
        "meaning",
        "reads_properties",
    )

    def __init__(self, aggregate: Aggregate) -> None:
        keep = keep_for(aggregate.bounds)
        tally = _tally(aggregate, keep)
        self._fold, self._join = tally.fold, tally.join
        self._path: Path | None = aggregate.property
        self._passes = compile_filters(aggregate.selection.where)
        self._mistyped = compile_mistyped(aggregate.selection.where)
        self.discriminator = discriminator(aggregate.selection)
        self._fingerprints = aggregate.function == "distinct"
        self.reads_properties = self._passes is not None or self._path is not None
        self._remarks: tuple[str, ...] = (self.MISTYPED,)
        self._latest = aggregate.within is not None
        self._width = 2 if self._fingerprints and self._latest else 1
        self.depth = keep if self._fingerprints or (self._latest and aggregate.function == "count") else 0
        meaning = (aggregate.function, aggregate.selection, self._path, aggregate.within)
        # The depth stood behind it in format 1; what has none is to keep its place.
        self.meaning = (*meaning, 0)
        self.key = fingerprint(self.meaning)
        self.former: tuple[int, ...] = (fingerprint((*meaning, self.depth)),) if self.depth else ()
        self.look = self._reader(tally)

    def shared_with(self, other: "Window") -> "Window":
        """Of two of one key the one that is to be folded from now on: it keeps what both need, and counts what either
        does."""
        if isinstance(other, TraitWindow):
            self, other = other, self
        if other.depth > self.depth:
            self.depth, self._fold, self._join = other.depth, other._fold, other._join
        self._remarks = tuple(dict.fromkeys((*self._remarks, *other._remarks)))
        self.former = tuple(dict.fromkeys((*self.former, *other.former)))
        return self

    def exceeds(self, state: list[int]) -> bool:
        """Whether more is kept than the depth, from when it was greater."""
        return 0 < self.depth * self._width < len(state)

    def cut(self, state: list[int]) -> None:
        """Forget what is kept beyond the depth: the oldest, of a lifetime the latest."""
        size = self.depth * self._width
        del state[slice(0, -size) if self._latest else slice(size, None)]

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None:
        """Fold in one event of event time `at`, if it passes the filters."""
        if self._passes is not None and not self._passes(properties, at):
            if self._mistyped is not None and self._mistyped(properties):
                remarks.append("filter_mistyped")
            return
        state = shopper.windows.get(self.key)
        if state is None:
            state = shopper.windows[self.key] = []
        if self._path is None:
            self._fold(state, at, ())
        else:
            found = elements(reach(properties, self._path))
            if len(found) > ELEMENTS:
                del found[ELEMENTS:]
                remarks.append("values_truncated")
            values = self._values(found)
            if len(values) < len(found):
                remarks.extend(self._remarks)
            self._fold(state, at, values)
        if len(state) > _ROOM:
            _bound(state, remarks)

    def join(self, shopper: Shopper, other: Sequence[int], remarks: list[str]) -> None:
        """Take in the state of other, earlier events than those folded so far; none may be in both."""
        state = shopper.windows.setdefault(self.key, [])
        self._join(state, other)
        if len(state) > _ROOM:
            _bound(state, remarks)

    def _reader(self, tally: Tally) -> Callable[[Shopper, int], tuple[bool, int]]:
        """(shopper, now in ms) -> (true now?, next instant at which that changes without an event; 0 = never)."""
        key, read, of_nothing = self.key, tally.look, tally.look([], 0)

        def look(shopper: Shopper, now: int) -> tuple[bool, int]:
            state = shopper.windows.get(key)
            return of_nothing if state is None else read(state, now)

        return look

    def _values(self, found: list[Any]) -> list[int]:
        """Micro numbers of what is at the property, others skipped (readings.md, 11); fingerprints of scalars for
        `distinct`."""
        if self._fingerprints:
            keys = (equality_key(value) for value in found if not isinstance(value, (dict, list)))
            return [xxhash.xxh3_64_intdigest(repr(key).encode()) >> 1 for key in keys]
        numbers = (to_micro(value) for value in found)
        return [number for number in numbers if number is not None]


def _bound(state: list[int], remarks: list[str]) -> None:
    del state[: len(state) - _ROOM]
    remarks.append("window_truncated")


class TraitWindow(Window):
    """A window that a computed trait reads as a number. What does not fit it any more is counted, `trait_truncated`,
    and what is no number where one is needed, `trait_value_mistyped`."""

    MISTYPED = "trait_value_mistyped"

    __slots__ = ("_fits",)

    def __init__(self, aggregate: Aggregate) -> None:
        super().__init__(aggregate)
        self._fits = self.depth

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None:
        taken = self._fits and (self._passes is None or self._passes(properties, at))
        if taken and self._overflows(shopper.windows.get(self.key) or [], properties):
            remarks.append("trait_truncated")
        super().take(shopper, at, properties, remarks)

    def _overflows(self, state: list[int], properties: dict[str, Any]) -> bool:
        if len(state) < self._fits * self._width:
            return False
        if self._path is None:
            return True
        kept = state[1::2][-self._fits :] if self._latest else state[: self._fits]
        found = elements(reach(properties, self._path))[:ELEMENTS]
        return any(value not in kept for value in self._values(found))
