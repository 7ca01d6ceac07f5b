"""Which decisions of two engines are compared, and what counts as a difference."""

from collections import Counter
from collections.abc import Iterable
from types import SimpleNamespace
from typing import Any

from benchmarks.engines.agreement import MARGIN, Agreement, compare
from benchmarks.engines.feed import Decision

ENTERED = Decision(7, "buyer", "entered", None, 1_000)
EXITED = Decision(7, "engaged", "exited", None, 2_000)


def test_equal_decisions_agree() -> None:
    agreed = _compared([ENTERED, EXITED], [EXITED, ENTERED], last={7: 2_000})
    assert agreed.equal
    assert agreed.decisions == 2


def test_a_decision_that_only_one_has_is_a_difference() -> None:
    agreed = _compared([ENTERED], [EXITED], last={7: 2_000})
    assert (agreed.equal, agreed.missing, agreed.surplus) == (False, 1, 1)
    assert agreed.examples == [ENTERED, EXITED]


def test_copies_of_a_decision_are_counted_and_no_difference() -> None:
    agreed = _compared([ENTERED, EXITED], [ENTERED, ENTERED, EXITED], last={7: 2_000})
    assert (agreed.equal, agreed.repeated) == (True, 1)


def test_what_lies_after_a_shoppers_last_common_event_is_left_out() -> None:
    assert _compared([ENTERED, EXITED], [ENTERED], last={7: 1_999}).equal


def test_no_decision_at_all_is_no_agreement() -> None:
    assert not _compared([], [], last={}).equal


def test_only_the_part_that_both_have_worked_off_is_looked_at() -> None:
    # given one that is ahead in the first partition and one that is ahead in the second
    asked: list[list[int]] = []
    source: Any = SimpleNamespace(last_seen=lambda prefix: asked.append(prefix) or {})
    # when they are compared
    compare(source, _feed([], [9_000, 5_000, 0, 0]), _feed([], [8_000, 6_000, 0, 0]))
    # then it is up to a margin before the one that is behind
    assert asked == [[8_000 - MARGIN, 5_000 - MARGIN, 0, 0]]


def _compared(first: Iterable[Decision], other: Iterable[Decision], last: dict[int, int]) -> Agreement:
    source: Any = SimpleNamespace(last_seen=lambda prefix: last)
    return compare(source, _feed(first, [5_000] * 4), _feed(other, [5_000] * 4))


def _feed(decisions: Iterable[Decision], reached: list[int]) -> Any:
    return SimpleNamespace(decisions=Counter(decisions), reached=reached)
