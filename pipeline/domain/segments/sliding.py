"""Aggregates over a sliding window: what each keeps of the past, and when its truth changes by itself.

State is a flat list of integers, ascending in time: times alone for a count, (time, value) pairs for the others.
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import accumulate

from pipeline.domain.segments.series import next_change, sums_after

Truth = Callable[[int | Fraction], bool]


def _insert(state: list[int], at: int, value: int) -> None:
    """Put (at, value) in its place in a list of pairs; what comes in order goes to the end."""
    index = len(state)
    while index and state[index - 2] > at:
        index -= 2
    state[index:index] = (at, value)


def drop_expired(state: list[int], horizon: int) -> None:
    """Forget pairs of `horizon` and before: time never runs backwards, they stay out."""
    index = 0
    while index < len(state) and state[index] <= horizon:
        index += 2
    del state[:index]


class SlidingThreshold:
    """A count against one threshold, the common case of SlidingCount: `keep` events inside, or not (`wanted` False).

    Keeps the latest `keep` times; the oldest of them alone decides, and tells when. There may be more, of a condition
    that shares the window.
    """

    __slots__ = ("_keep", "_wanted", "_within")

    def __init__(self, within: int, keep: int, wanted: bool) -> None:
        self._within, self._keep, self._wanted = within, keep, wanted

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        if not state or at >= state[-1]:
            state.append(at)
        else:
            state.insert(bisect_right(state, at), at)
        if len(state) > self._keep:
            del state[0]

    def join(self, state: list[int], other: Sequence[int]) -> None:
        state[:] = sorted((*other, *state))[-self._keep :]

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        if len(state) >= self._keep:
            leaves = state[-self._keep] + self._within
            if leaves > now:
                return self._wanted, leaves
        return not self._wanted, 0


class SlidingCount(SlidingThreshold):
    """A count against any bounds. Keeps the latest `keep` times: the bounds can't tell more of them apart
    (semantics.md, part 3)."""

    __slots__ = ("_truth",)

    def __init__(self, within: int, truth: Truth, keep: int) -> None:
        super().__init__(within, keep, True)
        self._truth = truth

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        inside = state[max(bisect_right(state, now - self._within), len(state) - self._keep) :]
        truth, count = self._truth, len(inside)
        after = (truth(left) for left in range(count - 1, -1, -1))
        holds = truth(count)
        return holds, next_change(inside, self._within, holds, after)


class SlidingDistinct(SlidingCount):
    """Keeps the latest `keep` distinct values, each once with its latest time."""

    __slots__ = ()

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        for value in values:
            latest = at
            for index in range(0, len(state), 2):
                if state[index + 1] == value:
                    latest = max(at, state[index])
                    del state[index : index + 2]
                    break
            _insert(state, latest, value)
            if len(state) > 2 * self._keep:
                del state[:2]

    def join(self, state: list[int], other: Sequence[int]) -> None:
        for index in range(0, len(other), 2):
            self.fold(state, other[index], other[index + 1 : index + 2])

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return super().look(state[-2 * self._keep :: 2], now)


class SlidingSum:
    """Keeps every (time, micro) of the window."""

    __slots__ = ("_truth", "_within")

    def __init__(self, within: int, truth: Truth) -> None:
        self._within, self._truth = within, truth

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        for value in values:
            _insert(state, at, value)

    def join(self, state: list[int], other: Sequence[int]) -> None:
        pairs = [each[index : index + 2] for each in (other, state) for index in range(0, len(each), 2)]
        state[:] = [number for pair in sorted(pairs, key=lambda pair: pair[0]) for number in pair]

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        drop_expired(state, now - self._within)
        times, values = state[::2], state[1::2]
        holds = self._truth(sum(values))
        return holds, next_change(times, self._within, holds, sums_after(values, self._truth))


class SlidingMoments(SlidingSum):
    """min, max and avg: keeps every (time, micro) of the window. Of nothing every bound is false (readings.md, 9).

    gather: what two values are together (the lesser, the greater, their sum); measure: (all gathered, how many) -> the
    aggregate. What is left as elements leave is gathered once, from the latest back.
    """

    __slots__ = ("_gather", "_measure")

    def __init__(
        self,
        within: int,
        truth: Truth,
        gather: Callable[[int, int], int],
        measure: Callable[[int, int], int | Fraction],
    ) -> None:
        super().__init__(within, truth)
        self._gather, self._measure = gather, measure

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        drop_expired(state, now - self._within)
        times = state[::2]
        truth, measure = self._truth, self._measure
        gathered = list(accumulate(state[::-2], self._gather))
        holds = bool(gathered) and truth(measure(gathered[-1], len(gathered)))
        after = (left > 0 and truth(measure(gathered[left - 1], left)) for left in range(len(gathered) - 1, -1, -1))
        return holds, next_change(times, self._within, holds, after)


def alone(gathered: int, count: int) -> int:
    """The measure of min and max."""
    return gathered
