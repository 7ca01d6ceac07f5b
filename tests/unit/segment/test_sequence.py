"""Sequences: exact instants, any order of arrival, and no more state than what can still arrive may need."""

from itertools import permutations

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan, SegmentDefinition, Selection, Sequence, Step
from pipeline.domain.event import Event
from pipeline.domain.segments.sequence import LIMIT
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, HOUR, MINUTE

T = 1_767_434_400_000
LATE = 7 * DAY


def engine(*names: str, absent: bool = False, within: int = HOUR, same: tuple[tuple[str, ...], ...] = ()) -> Engine:
    steps = tuple(Step(Selection((name,)), absent and number == len(names) - 1) for number, name in enumerate(names))
    segment = SegmentDefinition("s", Sequence(steps, within, same), "id")
    return Engine(Plan(name="shop", digest="00000001", segments=(segment,), late_segments=LATE))


class Visitor:
    """One shopper of an engine; every event has an id of its own."""

    def __init__(self, one: Engine) -> None:
        self.engine = one
        self.shopper = Shopper()
        self.remarks: list[str] = []
        self.count = 0

    def sends(self, name: str, at: int, received: int | None = None, **properties: object) -> list[tuple[str, int]]:
        self.count += 1
        raw = msgspec.Raw(msgspec.json.encode(properties))
        now = max(received or at, self.shopper.now)
        outcome = self.engine.decide(
            self.shopper, Event("track", name, "u", at, now, str(self.count), properties=raw), now
        )
        self.remarks += outcome.remarks
        return [(one.fields["change"], one.effective_at) for one in outcome.decisions]

    def waits(self, until: int) -> list[tuple[str, int]]:
        outcome = self.engine.on_due(self.shopper, "u", until)
        return [(one.fields["change"], one.effective_at) for one in outcome.decisions]

    @property
    def member(self) -> bool:
        membership = self.shopper.memberships.get("s")
        return membership is not None and membership.member

    @property
    def state(self) -> list[int]:
        (state,) = self.shopper.windows.values()
        return state


def test_an_absence_becomes_true_to_the_millisecond() -> None:
    visitor = Visitor(engine("A", "B", absent=True))
    visitor.sends("A", T)
    assert visitor.shopper.due == T + HOUR
    assert visitor.waits(T + HOUR - 1) == []
    assert visitor.waits(T + HOUR) == [("entered", T + HOUR)]
    assert visitor.shopper.due == 0


@pytest.mark.parametrize("absent", [False, True])
def test_the_order_of_arrival_changes_no_membership(absent: bool) -> None:
    # given steps that make a sequence only in their right order
    events = [("A", 0), ("B", 10), ("C", 20), ("B", 40), ("A", 100)]
    found = set()
    for order in permutations(events):
        visitor = Visitor(engine("A", "B", "C", absent=absent))
        # when they arrive in any order, all within the lateness
        for name, minute in order:
            visitor.sends(name, T + minute * MINUTE, T + 3 * HOUR)
        visitor.waits(T + DAY)
        found.add(visitor.member)

    # then what is true at the end is the same: A, B, C is complete, and no C follows the second B
    assert found == {True}


def test_a_complete_sequence_keeps_one_number() -> None:
    visitor = Visitor(engine("A", "B"))
    visitor.sends("A", T)
    assert visitor.sends("B", T + 1) == [("entered", T + 1)]
    visitor.sends("A", T + 2)
    assert visitor.state == [T + 1]


def test_what_no_late_event_can_need_is_forgotten() -> None:
    # given an event that a late one could still complete
    visitor = Visitor(engine("A", "B"))
    visitor.sends("A", T)
    visitor.sends("A", T + LATE + HOUR)
    assert len(visitor.state) == 1 + 2 * 3

    # when it is older than lateness and span together
    visitor.sends("A", T + LATE + HOUR + 1)

    # then it is gone, the younger ones are not
    assert visitor.state[1::3] == [T + LATE + HOUR, T + LATE + HOUR + 1]


def test_an_absence_that_can_no_longer_be_answered_is_settled() -> None:
    visitor = Visitor(engine("A", "B", absent=True))
    visitor.sends("A", T)
    visitor.sends("A", T + LATE + HOUR + 1)
    assert visitor.member
    assert visitor.state == [T + HOUR]
    visitor.sends("B", T + LATE + 2 * HOUR)
    assert visitor.member


def test_at_its_limit_a_sequence_forgets_the_oldest_and_says_so() -> None:
    # given more first steps within the span than are remembered
    visitor = Visitor(engine("A", "B", absent=True, within=DAY))
    for number in range(LIMIT):
        visitor.sends("A", T + number)
    assert visitor.remarks == []

    # when one more comes
    visitor.sends("A", T + LIMIT)

    # then the first is out, and the next one's span counts
    assert visitor.remarks == ["sequence_truncated"]
    assert len(visitor.state) == 1 + 3 * LIMIT
    assert visitor.waits(T + 2 * DAY) == [("entered", T + 1 + DAY)]
    # and what has become true stays so at the limit
    visitor.sends("A", T + 2 * DAY)
    assert visitor.state == [T + 1 + DAY]


def test_an_event_of_many_values_is_a_step_for_each() -> None:
    visitor = Visitor(engine("A", "B", same=(("sku",),)))
    visitor.sends("A", T, sku=[f"s{number}" for number in range(LIMIT + 5)])
    assert len(visitor.state) == 1 + 3 * LIMIT
    assert visitor.sends("B", T + 1, sku=["none", "s7"]) == [("entered", T + 1)]


def test_another_sequence_begins_with_nothing_and_the_same_one_goes_on() -> None:
    # given a first step under one plan
    visitor = Visitor(engine("A", "B"))
    visitor.sends("A", T)

    # when the plan changes to a sequence of another span, and back
    other = engine("A", "B", within=2 * HOUR)
    other.adopt(visitor.shopper, "u")
    visitor.engine = other
    visitor.sends("B", T + 1)
    assert not visitor.member
    visitor.engine = engine("A", "B")
    visitor.engine.adopt(visitor.shopper, "u")

    # then what the first plan remembered completes it
    assert visitor.sends("B", T + 2) == [("entered", T + 2)]
