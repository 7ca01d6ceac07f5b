"""Whether two engines decided the same on the part of the input that both have worked off."""

from collections import Counter
from typing import NamedTuple

from benchmarks.engines.feed import Decision, Feed
from benchmarks.engines.source import Source

MARGIN = 2_000
"""Events before the end of each partition's common part that are left out: an engine that was stopped amid its work,
and writes no transactions, may have published a later decision and not yet an earlier one."""


class Agreement(NamedTuple):
    """decisions: different ones of the first engine, over `events` of the source. missing, surplus: different ones that
    only the first or only the other has, and examples. repeated: copies that the other published of one that it had
    published before; they are not exactly once, and no other decisions."""

    events: int
    decisions: int
    missing: int
    surplus: int
    repeated: int
    examples: list[Decision]

    @property
    def equal(self) -> bool:
        return self.decisions > 0 and not self.missing and not self.surplus


def compare(source: Source, first: Feed, other: Feed) -> Agreement:
    """Sets of decisions by meaning: shopper, rule, change, level, effective instant.

    An exit by time alone counts from the shopper's next event on: engines without timers notice it only then, and both
    give it the instant when the window closed.
    """
    prefix = [max(min(pair) - MARGIN, 0) for pair in zip(first.reached, other.reached, strict=True)]
    last = source.last_seen(prefix)
    expected, found = _within(first.decisions, last), _within(other.decisions, last)
    missing, surplus = expected.keys() - found.keys(), found.keys() - expected.keys()
    examples = [*sorted(missing, key=repr)[:3], *sorted(surplus, key=repr)[:3]]
    repeated = found.total() - len(found)
    return Agreement(sum(prefix), len(expected), len(missing), len(surplus), repeated, examples)


def _within(decisions: Counter[Decision], last: dict[int, int]) -> Counter[Decision]:
    kept = {one: times for one, times in decisions.items() if one.effective_at <= last.get(one.shopper, -1)}
    return Counter(kept)
