"""Aggregates over all of a shopper's time: a few integers each, and never a timer."""

from collections.abc import Callable, Sequence
from fractions import Fraction

Truth = Callable[[int | Fraction], bool]

# Sums stop here: far beyond any shop, far inside the record's 64 bits.
SATURATION = 4 * 10**18


def _add(total: int, values: Sequence[int]) -> int:
    return max(-SATURATION, min(SATURATION, total + sum(values)))


class LifetimeCount:
    """State: [count]."""

    __slots__ = ("_truth",)

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        if state:
            state[0] += 1
        else:
            state.append(1)

    def join(self, state: list[int], other: Sequence[int]) -> None:
        state[:] = [sum(state) + sum(other)]

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return self._truth(state[0] if state else 0), 0


class LifetimeSum:
    """State: [sum in micro]."""

    __slots__ = ("_truth",)

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        state[:] = [_add(state[0] if state else 0, values)]

    def join(self, state: list[int], other: Sequence[int]) -> None:
        self.fold(state, 0, other)

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return self._truth(state[0] if state else 0), 0


class LifetimeExtreme:
    """State: [least or greatest micro so far]. Of nothing every bound is false (readings.md, 9)."""

    __slots__ = ("_pick", "_truth")

    def __init__(self, truth: Truth, pick: Callable[[Sequence[int]], int]) -> None:
        self._truth, self._pick = truth, pick

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        if values:
            state[:] = [self._pick([*state, *values])]

    def join(self, state: list[int], other: Sequence[int]) -> None:
        self.fold(state, 0, other)

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return bool(state) and self._truth(state[0]), 0


class LifetimeAverage:
    """State: [sum in micro, count]. Of nothing every bound is false (readings.md, 9)."""

    __slots__ = ("_truth",)

    def __init__(self, truth: Truth) -> None:
        self._truth = truth

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        if values:
            total, count = state or (0, 0)
            state[:] = [_add(total, values), count + len(values)]

    def join(self, state: list[int], other: Sequence[int]) -> None:
        if other:
            total, count = state or (0, 0)
            state[:] = [_add(total, other[:1]), count + other[1]]

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return bool(state) and self._truth(Fraction(state[0], state[1])), 0


class LifetimeDistinct:
    """State: fingerprints of the first `keep` distinct values: the bounds can't tell more of them apart."""

    __slots__ = ("_keep", "_truth")

    def __init__(self, truth: Truth, keep: int) -> None:
        self._truth, self._keep = truth, keep

    def fold(self, state: list[int], at: int, values: Sequence[int]) -> None:
        for value in values:
            if len(state) < self._keep and value not in state:
                state.append(value)

    def join(self, state: list[int], other: Sequence[int]) -> None:
        state[:] = list(dict.fromkeys((*other, *state)))[: self._keep]

    def look(self, state: list[int], now: int) -> tuple[bool, int]:
        return self._truth(min(len(state), self._keep)), 0
