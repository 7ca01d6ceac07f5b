"""Sizes of many things, without keeping each."""

from collections import Counter
from typing import NamedTuple


class SizeSummary(NamedTuple):
    """Bytes. number: of things; p99: 99 in 100 are at most this large."""

    number: int
    total: int
    median: int
    p99: int
    largest: int


class Sizes:
    """Takes sizes one by one. What it keeps grows with how many different ones there are."""

    def __init__(self) -> None:
        self._counts: Counter[int] = Counter()

    def add(self, size: int) -> None:
        self._counts[size] += 1

    def merge(self, other: "Sizes") -> None:
        self._counts.update(other._counts)

    def summary(self) -> SizeSummary:
        ordered = sorted(self._counts.items())
        count = sum(number for _, number in ordered)
        total = sum(size * number for size, number in ordered)
        return SizeSummary(
            count, total, _at(ordered, count // 2), _at(ordered, count * 99 // 100), ordered[-1][0] if ordered else 0
        )


def _at(ordered: list[tuple[int, int]], place: int) -> int:
    """The size at this place of all, sorted."""
    for size, number in ordered:
        if place < number:
            return size
        place -= number
    return 0
