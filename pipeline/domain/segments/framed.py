"""An aggregate condition over a window that does not slide: one of the calendar, or since an event."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

from pipeline.domain.definition import Aggregate
from pipeline.domain.segments.frame import Frame
from pipeline.domain.segments.sliding import drop_expired
from pipeline.domain.segments.window import Tally, TraitWindow, Window
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.operator import compile_bounds


class FramedWindow(Window):
    """Keeps what a sliding window would, times or (time, value) pairs, as long as the frame may still hold it.

    All that is inside leaves at one instant, if at all. So the truth changes there to that of nothing.
    """

    __slots__ = ("_frame", "_measure", "_times_alone", "_truth")

    def __init__(self, aggregate: Aggregate, frame: Frame) -> None:
        self._frame = frame
        self._truth = compile_bounds(aggregate.bounds)
        self._measure = MEASURES[aggregate.function]
        self._times_alone = aggregate.function == "count"
        super().__init__(aggregate)

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None:
        if self._passes is None or self._passes(properties, at):
            forget(shopper.windows.get(self.key) or [], self._frame.forgets(shopper), self._times_alone)
        super().take(shopper, at, properties, remarks)

    def join(self, shopper: Shopper, other: Sequence[int], remarks: list[str]) -> None:
        super().join(shopper, other, remarks)
        forget(shopper.windows[self.key], self._frame.forgets(shopper), self._times_alone)

    def _reader(self, tally: Tally) -> Callable[[Shopper, int], tuple[bool, int]]:
        key, frame, times_alone, keep = self.key, self._frame, self._times_alone, self.depth
        of_nothing = self._holds([])

        def look(shopper: Shopper, now: int) -> tuple[bool, int]:
            state = shopper.windows.get(key)
            if not state:
                return of_nothing, 0
            values = inside(state, frame.after(shopper, now), times_alone, keep)
            holds = self._holds(values)
            return holds, frame.leaves(shopper, now, now) if values and holds is not of_nothing else 0

        return look

    def _holds(self, values: Sequence[int]) -> bool:
        """Of min, max and avg of nothing every bound is false (readings.md, 9)."""
        measured = self._measure(values)
        return measured is not None and self._truth(measured)


class FramedTraitWindow(TraitWindow):
    """As FramedWindow, for a computed trait, which reads what is kept as a number."""

    __slots__ = ("_frame", "_times_alone")

    def __init__(self, aggregate: Aggregate, frame: Frame) -> None:
        super().__init__(aggregate)
        self._frame = frame
        self._times_alone = aggregate.function == "count"

    def take(self, shopper: Shopper, at: int, properties: dict[str, Any], remarks: list[str]) -> None:
        if self._passes is None or self._passes(properties, at):
            forget(shopper.windows.get(self.key) or [], self._frame.forgets(shopper), self._times_alone)
        super().take(shopper, at, properties, remarks)

    def join(self, shopper: Shopper, other: Sequence[int], remarks: list[str]) -> None:
        super().join(shopper, other, remarks)
        forget(shopper.windows[self.key], self._frame.forgets(shopper), self._times_alone)


def inside(state: list[int], after: int, times_alone: bool, keep: int) -> list[int]:
    """The values of what is later than `after`, of times alone these; at most the latest `keep`, 0 = all."""
    if times_alone:
        begin = bisect_right(state, after)
        return state[max(begin, len(state) - keep) if keep else begin :]
    begin = bisect_right(state[::2], after)
    return state[2 * (max(begin, len(state) // 2 - keep) if keep else begin) + 1 :: 2]


def forget(state: list[int], until: int, times_alone: bool) -> None:
    """Drop what is not later than `until`."""
    if not times_alone:
        drop_expired(state, until)
    elif state and state[0] <= until:
        del state[: bisect_right(state, until)]


MEASURES: dict[str, Callable[[Sequence[int]], int | Fraction | None]] = {
    "count": len,
    "distinct": len,
    "sum": sum,
    "min": lambda values: min(values, default=None),
    "max": lambda values: max(values, default=None),
    "avg": lambda values: Fraction(sum(values), len(values)) if values else None,
}
