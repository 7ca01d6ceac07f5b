"""Whether two engines decided the same on the part of the input that both have worked off."""

from collections import Counter
from typing import NamedTuple

from benchmarks.engines.feed import Decision, Feed
from benchmarks.engines.source import Source

MARGIN = 2_000
"""Events before the end of each partition's common part that are left out: an engine that was stopped amid its work,
and writes no transactions, may have published a later decision and not yet an earlier one."""


class Agreement(NamedTuple):
    """decisions: of either, over `events` of the source. missing, surplus: against the first engine, and examples."""

    events: int
    decisions: int
    missing: int
    surplus: int
    examples: list[Decision]

    @property
    def equal(self) -> bool:
        return self.decisions > 0 and not self.missing and not self.surplus


def compare(source: Source, first: Feed, other: Feed) -> Agreement:
    """Decisions by meaning (shopper, rule, change, level, effective instant), each as often as it was published.

    An exit by time alone counts from the shopper's next event on: engines without timers notice it only then, and both
    give it the instant when the window closed.
    """
    prefix = [max(min(pair) - MARGIN, 0) for pair in zip(first.reached, other.reached, strict=True)]
    last = source.last_seen(prefix)
    expected, found = _within(first.decisions, last), _within(other.decisions, last)
    missing, surplus = expected - found, found - expected
    examples = [*sorted(missing, key=repr)[:3], *sorted(surplus, key=repr)[:3]]
    return Agreement(sum(prefix), expected.total(), missing.total(), surplus.total(), examples)


def _within(decisions: Counter[Decision], last: dict[int, int]) -> Counter[Decision]:
    kept = {one: times for one, times in decisions.items() if one.effective_at <= last.get(one.shopper, -1)}
    return Counter(kept)
