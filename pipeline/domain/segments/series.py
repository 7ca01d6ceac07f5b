"""Exact sliding windows over a time-ordered series: an aggregate now, and the instant its truth next changes.

Windows are half open, (now - within, now]: an element exactly `within` old is out (semantics.md, part 0).
"""

from collections.abc import Callable, Iterable, Sequence


def next_change(times: Sequence[int], within: int, truth_now: bool, truths_after: Iterable[bool]) -> int:
    """When a truth over `times` (ascending, all inside the window) next changes by expiry; 0 = never without an event.

    truths_after: truth once the first element, the first two, ... have left. Elements of one instant leave together,
    so only the truth after the last of them counts.
    """
    last = len(times) - 1
    for index, truth in enumerate(truths_after):
        if truth is not truth_now and (index == last or times[index + 1] != times[index]):
            return times[index] + within
    return 0


def sums_after(values: Sequence[int], truth: Callable[[int], bool]) -> Iterable[bool]:
    """For next_change: truth of the sum of what is left as elements leave, oldest first."""
    rest = sum(values)
    for value in values:
        rest -= value
        yield truth(rest)
