"""What a record still knows when a topology comes to ask for more, for less, or for something else."""

from typing import Any

import msgspec
import pytest

from pipeline.domain.commerce.order_book import SETTLED
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.segments.kept_state import RESTING
from pipeline.domain.shopper import Shopper
from tests.unit.config.builder import topology

T = 1_767_434_400_000
MINUTE, HOUR = 60_000, 3_600_000
CHANGED_AT = T + HOUR


def engine(*conditions: str, more: str = "") -> Engine:
    rules = "".join(f"  s{number}: {{when: {one}}}\n" for number, one in enumerate(conditions))
    return Engine(topology(f"segments:\n{rules}{more}" if conditions else more or "segments: {}\n").plan())


def views(bound: str, within: str = "within: 1d, ") -> str:
    return f"{{count: {{of: Product Viewed, {within}{bound}}}}}"


def products(bound: str, within: str = "within: 1d, ") -> str:
    return f"{{distinct: {{of: Product Viewed, property: product_id, {within}{bound}}}}}"


def viewed(number: int, product: int | None = None) -> Event:
    body = msgspec.Raw(msgspec.json.encode({"product_id": f"p{number if product is None else product}"}))
    at = T + number * MINUTE
    return Event("track", "Product Viewed", "ann", at, at, f"m{number}", properties=body)


def viewing(one: Engine, times: int) -> Shopper:
    shopper = Shopper()
    for number in range(times):
        one.decide(shopper, viewed(number), T + number * MINUTE)
    return shopper


def told(outcome: Any) -> list[tuple[str, int, str]]:
    return [(one.type, one.effective_at, one.cause_kind) for one in outcome.decisions]


@pytest.mark.parametrize("of", [views, products])
@pytest.mark.parametrize("within", ["within: 1d, ", "within: {calendar: day}, ", "within: {since: Searched}, ", ""])
def test_a_lowered_threshold_keeps_its_history(of: Any, within: str) -> None:
    # given somebody with two views, of whom a threshold of three is not true
    before, after = engine(of("at_least: 3", within)), engine(of("at_least: 2", within))
    searched = Event("track", "Searched", "ann", T - MINUTE, T - MINUTE, "m")
    shopper, anew = Shopper(), Shopper()
    for one, record in ((before, shopper), (after, anew)):
        one.decide(record, searched, T - MINUTE)
        for number in range(2):
            one.decide(record, viewed(number), T + number * MINUTE)

    # when it is lowered to two, then it is true at once, silently
    outcome = after.on_due(shopper, "ann", CHANGED_AT, CHANGED_AT)
    assert told(outcome) == [("segment.entered", CHANGED_AT, "definition_change")]
    assert outcome.decisions[0].silent

    # and all is kept as if it had always been so
    assert shopper.windows == anew.windows


@pytest.mark.parametrize("of", [views, products])
@pytest.mark.parametrize("within", ["within: 30d, ", "within: {calendar: year}, ", ""])
def test_what_is_kept_beyond_a_lowered_threshold_is_cut_a_day_later(of: Any, within: str) -> None:
    before, after, alone = engine(of("at_least: 4", within)), engine(of("at_least: 2", within)), Shopper()
    if not within and of is views:
        return  # of a lifetime there is but a number
    shopper, deep = viewing(before, 4), 4 if of is views or not within else 8
    # given the change, and its way back: nothing is lost
    after.on_due(shopper, "ann", CHANGED_AT, CHANGED_AT)
    assert len(shopper.windows[key_of(shopper)]) == deep
    before.on_due(shopper, "ann", CHANGED_AT + HOUR, CHANGED_AT + HOUR)
    assert shopper.windows == viewing(before, 4).windows
    # when it is changed for good, then the first event of a day later finds it cut to what the threshold needs
    after.on_due(shopper, "ann", CHANGED_AT + 2 * HOUR, CHANGED_AT + 2 * HOUR)
    for number in (200, 27 * 60 - 1, 27 * 60):
        after.decide(shopper, viewed(number), T + number * MINUTE)
        assert len(shopper.windows[key_of(shopper)]) == (deep if number < 27 * 60 else deep // 2)
    for number in (0, 1, 2, 3, 200, 27 * 60 - 1, 27 * 60):
        after.decide(alone, viewed(number), T + number * MINUTE)
    assert shopper.windows == alone.windows


def key_of(shopper: Shopper) -> int:
    (found,) = [key for key in shopper.windows if key != RESTING]
    return found


@pytest.mark.parametrize("of", [views, products])
def test_a_raised_threshold_is_right_of_whoever_had_no_more_than_was_kept(of: Any) -> None:
    before, after = engine(of("at_least: 2")), engine(of("at_least: 3"))
    shopper = viewing(before, 1)
    assert told(after.on_due(shopper, "ann", CHANGED_AT, CHANGED_AT)) == []
    for number in (61, 62):
        outcome = after.decide(shopper, viewed(number), T + number * MINUTE)
    assert told(outcome) == [("segment.entered", T + 62 * MINUTE, "event")]
    # it ends when the first of the three, of before the change, leaves the window
    assert told(after.on_due(shopper, "ann", T + 30 * HOUR)) == [("segment.exited", T + 24 * HOUR, "timer")]


def test_a_raised_threshold_goes_on_from_what_was_kept_of_more() -> None:
    shopper, after = viewing(engine(views("at_least: 2")), 5), engine(views("at_least: 4"))
    # two of the five are known: the members leave, and two more bring them back
    assert told(after.on_due(shopper, "ann", CHANGED_AT, CHANGED_AT)) == [
        ("segment.exited", CHANGED_AT, "definition_change")
    ]
    outcomes = [after.decide(shopper, viewed(number), T + number * MINUTE) for number in (61, 62)]
    assert [told(one) for one in outcomes] == [[], [("segment.entered", T + 62 * MINUTE, "event")]]


def test_conditions_and_traits_that_differ_in_how_much_they_ask_for_share_a_window() -> None:
    one = engine(
        views("at_least: 2"), views("exactly: 3"), more="traits: {views: {count: {of: Product Viewed, within: 1d}}}\n"
    )
    shopper = viewing(one, 4)
    assert list(map(len, shopper.windows.values())) == [4]
    assert [name for name, held in shopper.memberships.items() if held.member] == ["s0"]
    # as they leave, first three are left, then two, then one
    decisions = one.on_due(shopper, "ann", T + 48 * HOUR).decisions
    assert [(decision.type, decision.effective_at - T - 24 * HOUR) for decision in decisions] == [
        ("segment.entered", 0),
        ("trait.changed", 0),
        ("segment.exited", MINUTE),
        ("trait.changed", MINUTE),
        ("segment.exited", 2 * MINUTE),
        ("trait.changed", 2 * MINUTE),
        ("trait.changed", 3 * MINUTE),
    ]


def test_a_trait_tells_no_more_values_than_it_can_because_a_condition_does() -> None:
    trait = "traits: {kinds: {distinct: {of: Product Viewed, property: product_id, within: 1d}}}\n"
    alone, beside = engine(more=trait), engine(products("at_least: 1003"), more=trait)
    for one in (alone, beside):
        shopper, remarks = Shopper(), []
        for number in range(1_004):
            event = viewed(0, number)
            event.message_id = f"m{number}"
            remarks += one.decide(shopper, event, T).remarks
        assert one.derivations.values(shopper, T) == {"kinds": 1_000}
        assert remarks == ["trait_truncated"] * 4
        assert [name for name, held in shopper.memberships.items() if held.member] == (["s0"] if one is beside else [])


LEFT = """\
segments:
  a: {when: {sum: {of: Product Viewed, property: price, within: 1d, at_least: 1}}}
  b: {when: {sequence: {steps: [{of: Product Viewed}, {of: Order Completed}], within: 1d}}}
  c: {when: {last: {of: Product Viewed, property: product_id, is: p1}}}
  d: {when: {count: {of: Product Viewed, within: 1d, at_least: 1}}, hold: {enter: 5h}}
  e: {when: {count: {of: Product Viewed, within: {calendar: day}, at_least: 9}}}
traits:
  kind: {most_frequent: {of: Product Viewed, property: product_id, within: 1d}}
"""


@pytest.mark.parametrize("by_event", [True, False])
def test_what_no_condition_asks_for_any_more_leaves_the_record_a_day_later(by_event: bool) -> None:
    before, after = Engine(topology(LEFT).plan()), engine(views("at_least: 1"))
    shopper = Shopper()
    event = viewed(0)
    event.timezone = "Asia/Tokyo"
    before.decide(shopper, event, T)
    assert (len(shopper.windows), len(shopper.observations)) == (5, 2)
    assert shopper.derived is not None and len(shopper.derived.seen) == 1
    # when only the count is asked for, without its hold, then the wait is over, and the others rest
    after.on_due(shopper, "ann", CHANGED_AT, CHANGED_AT)
    assert (len(shopper.windows), len(shopper.observations), len(shopper.derived.seen)) == (5, 2, 1)
    after.decide(shopper, viewed(90), T + 90 * MINUTE)
    assert (len(shopper.windows), len(shopper.observations), len(shopper.derived.seen)) == (5, 2, 1)
    # and after a day of it the next event, or another topology, finds none of them
    at = CHANGED_AT + 24 * HOUR
    if by_event:
        event = viewed(61 + 24 * 60 - 1)
        after.decide(shopper, event, at)
    else:
        another = engine(views("at_least: 1"), views("at_least: 2"))
        another.on_due(shopper, "ann", at, at)
    assert (len(shopper.windows), len(shopper.observations), len(shopper.derived.seen)) == (1, 0, 0)


def test_a_topology_that_is_taken_back_goes_on_where_it_was() -> None:
    before, after = Engine(topology(LEFT).plan()), engine(views("at_least: 1"))
    shopper = Shopper()
    before.decide(shopper, viewed(0), T)
    for changed in (after, before, after, before):
        at = shopper.now + 23 * HOUR
        changed.on_due(shopper, "ann", at, at)
    observed, kept = len(shopper.observations), [one for one in shopper.windows if one != RESTING]
    assert (observed, len(kept), RESTING in shopper.windows) == (1, 4, False)


def test_orders_that_were_settled_are_no_piece_of_a_condition() -> None:
    one, other = engine(views("at_least: 1")), engine(views("at_least: 2"))
    shopper = viewing(one, 1)
    shopper.windows[SETTLED] = [7, 700, 0, T, 1]
    for changed in (other, one):
        at = shopper.now + 48 * HOUR
        changed.on_due(shopper, "ann", at, at)
    assert shopper.windows[SETTLED] == [7, 700, 0, T, 1]
    assert RESTING not in shopper.windows
