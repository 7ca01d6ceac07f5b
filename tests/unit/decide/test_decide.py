"""The engine: order of work, own timers first, dedupe, lateness, and taking over from another plan."""

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.definition import (
    Aggregate,
    All,
    Bound,
    Condition,
    Member,
    Not,
    Number,
    Plan,
    Purchases,
    SegmentDefinition,
    Selection,
    Test,
    Trait,
)  # fmt: skip
from pipeline.domain.event import Event
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper

T = 1_767_434_400_000
HOUR = 3_600_000
DAY = 24 * HOUR


def count(name: str, at_least: int, within: int | None) -> Aggregate:
    return Aggregate("count", Selection((name,)), (Bound("at_least", (at_least,)),), within)


def engine(digest: str = "00000001", **segments: Condition) -> Engine:
    definitions = tuple(SegmentDefinition(name, when, f"id-{name}-{digest}") for name, when in segments.items())
    return Engine(Plan(name="shop", digest=digest, segments=definitions))


def event(name: str, at: int, message: str, received: int | None = None, **properties: object) -> Event:
    raw = msgspec.Raw(msgspec.json.encode(properties))
    return Event("track", name, "u1", at, received or at, message, properties=raw)


def changes(outcome: Outcome) -> list[tuple[str, str, int, str]]:
    return [
        (one.fields["segment"], one.fields["change"], one.effective_at - T, one.cause_kind) for one in outcome.decisions
    ]


def test_a_segment_is_entered_by_an_event_and_left_by_its_timer_to_the_millisecond() -> None:
    one, shopper = engine(engaged=count("Product Viewed", 2, HOUR)), Shopper()
    assert changes(one.decide(shopper, event("Product Viewed", T, "a"), T)) == []
    assert changes(one.decide(shopper, event("Product Viewed", T + 5, "b"), T + 5)) == [
        ("engaged", "entered", 5, "event")
    ]
    assert shopper.due == T + HOUR
    assert changes(one.on_due(shopper, "u1", T + HOUR - 1)) == []
    assert changes(one.on_due(shopper, "u1", T + HOUR)) == [("engaged", "exited", HOUR, "timer")]
    assert shopper.due == 0


def test_at_one_instant_the_timer_comes_first_then_the_record() -> None:
    one, shopper = engine(engaged=count("Product Viewed", 1, HOUR)), Shopper()
    one.decide(shopper, event("Product Viewed", T, "a"), T)
    outcome = one.decide(shopper, event("Product Viewed", T + HOUR, "b"), T + HOUR)
    assert changes(outcome) == [("engaged", "exited", HOUR, "timer"), ("engaged", "entered", HOUR, "event")]
    assert [decision.fields["sequence"] for decision in outcome.decisions] == [2, 3]
    assert len({decision.id for decision in outcome.decisions}) == 2


def test_timers_fire_each_at_its_own_instant_however_late_the_record() -> None:
    one = engine(short=count("X", 1, HOUR), long=count("X", 1, 2 * HOUR))
    shopper = Shopper()
    one.decide(shopper, event("X", T, "a"), T)
    outcome = one.decide(shopper, event("Y", T + DAY, "b"), T + DAY)
    assert changes(outcome) == [("short", "exited", HOUR, "timer"), ("long", "exited", 2 * HOUR, "timer")]
    assert {decision.decided_at for decision in outcome.decisions} == {T + DAY}


def test_a_new_shopper_is_a_member_of_what_is_true_of_nothing() -> None:
    one, shopper = engine(silent=Not(count("Order Completed", 1, DAY)), keen=count("X", 1, None)), Shopper()
    assert changes(one.decide(shopper, event("page", T, "a"), T)) == [("silent", "entered", 0, "event")]


def test_membership_of_another_segment_is_seen_in_the_same_evaluation() -> None:
    one = engine(both=All((Member("first"), Member("second"))), second=count("X", 2, None), first=count("X", 1, HOUR))
    shopper = Shopper()
    one.decide(shopper, event("X", T, "a"), T)
    assert ("both", "entered", 1, "event") in changes(one.decide(shopper, event("X", T + 1, "b"), T + 1))
    outcome = one.on_due(shopper, "u1", T + DAY)
    assert changes(outcome) == [("first", "exited", HOUR + 1, "timer"), ("both", "exited", HOUR + 1, "timer")]


def test_a_message_counts_once() -> None:
    one, shopper = engine(twice=count("X", 2, None)), Shopper()
    one.decide(shopper, event("X", T, "a"), T)
    again = one.decide(shopper, event("X", T, "a", received=T + 9), T + 9)
    assert (again.refusal, changes(again)) == ("duplicate", [])
    other = msgspec.structs.replace(event("X", T, "a"), body=99)
    assert one.decide(shopper, other, T + 10).refusal == "duplicate_mismatch"


def test_an_event_beyond_the_lateness_is_out_of_conditions_but_its_order_counts() -> None:
    one = engine(viewer=count("X", 1, None), buyer=Purchases("orders", (Bound("at_least", (1,)),)))
    shopper = Shopper()
    late = T - 7 * DAY - 1
    view = one.decide(shopper, event("X", late, "a", received=T), T)
    assert (view.refusal, changes(view)) == ("late", [])
    order = one.decide(shopper, event("Order Completed", late, "b", received=T, order_id="o1", total=5), T)
    assert (order.refusal, changes(order)) == ("late", [("buyer", "entered", 0, "event")])
    just = one.decide(shopper, event("X", T - 7 * DAY, "c", received=T), T)
    assert (just.refusal, changes(just)) == (None, [("viewer", "entered", 0, "event")])


def test_an_order_counts_once_in_counts_too() -> None:
    one, shopper = engine(twice=count("Order Completed", 2, None)), Shopper()
    for message in ("client", "server"):
        outcome = one.decide(shopper, event("Order Completed", T, message, order_id="o1", total=5), T)
    assert changes(outcome) == []


def test_a_trait_moves_a_segment() -> None:
    one = engine(
        german=Trait(("address", "country"), (Test("is", "DE"),)),
        seats=Trait(("seats",), (Test("at_least", Number(3_000_000)),)),
    )
    shopper = Shopper()
    traits = msgspec.Raw(b'{"address":{"country":"DE"},"seats":"3"}')
    identify = Event("identify", "identify", "u1", T, T, "i", traits=traits)
    assert {change[0] for change in changes(one.decide(shopper, identify, T))} == {"german", "seats"}


def test_now_never_runs_backwards_for_a_shopper() -> None:
    one, shopper = engine(keen=count("X", 1, HOUR)), Shopper()
    one.decide(shopper, event("Y", T + 100, "a"), T + 100)
    outcome = one.decide(shopper, event("X", T, "b"), T)
    assert changes(outcome) == [("keen", "entered", 100, "event")]
    assert shopper.now == T + 100


def test_another_plan_takes_a_record_over_silently_when_it_is_next_touched() -> None:
    before = engine("00000001", keen=count("X", 1, None), gone=count("X", 1, None))
    after = engine("00000002", keen=count("X", 2, None), fresh=count("X", 1, None))
    shopper = Shopper()
    before.decide(shopper, event("X", T, "a"), T)
    outcome = after.decide(shopper, event("Y", T + 5, "b"), T + 5)
    assert sorted(changes(outcome)) == [
        ("fresh", "entered", 0, "definition_change"),
        ("gone", "exited", 0, "definition_change"),
        ("keen", "exited", 0, "definition_change"),
    ]
    assert all(decision.silent for decision in outcome.decisions)
    assert changes(after.decide(shopper, event("X", T + 6, "c"), T + 6)) == [("keen", "entered", 6, "event")]


def test_a_record_is_brought_over_as_of_the_change_whoever_comes_first() -> None:
    # given a shopper unseen for 3 hours when the plan changes, and segments that go and come, one true only for 4 hours
    keen, four, one_hour = count("X", 1, None), count("X", 1, 4 * HOUR), count("X", 1, HOUR)
    before = engine("00000001", keen=keen, gone=four, brief=one_hour)
    after = engine("00000002", keen=keen, late=four, early=one_hour)
    changed = T + 3 * HOUR
    roads = {
        "the sweep at once": lambda one: [after.on_due(one, "u1", changed, changed)],
        "the sweep an hour and a half later": lambda one: [after.on_due(one, "u1", changed + HOUR * 3 // 2, changed)],
        "a timer": lambda one: [after.on_due(one, "u1", T + 9 * HOUR, changed)],
        "an event": lambda one: [after.decide(one, event("Y", T + 5 * HOUR, "b"), T + 5 * HOUR, changed)],
    }
    told = {}
    for name, road in roads.items():
        shopper = Shopper()
        before.decide(shopper, event("X", T, "a"), T)
        before.on_due(shopper, "u1", changed)
        outcomes = [*road(shopper), after.on_due(shopper, "u1", T + 9 * HOUR, changed)]
        told[name] = [
            (one.id, one.fields["segment"], one.fields["change"], one.effective_at - T, one.cause_kind, one.silent)
            for outcome in outcomes
            for one in outcome.decisions
        ]
    # then the difference is told as of the change, silently; what comes after it comes by its own timer, as ever
    assert [one[1:] for one in told["an event"]] == [
        ("gone", "exited", 3 * HOUR, "definition_change", True),
        ("late", "entered", 3 * HOUR, "definition_change", True),
        ("late", "exited", 4 * HOUR, "timer", False),
    ]
    assert all(one == told["an event"] for one in told.values())


def test_a_timer_that_was_due_before_the_change_is_none_of_it() -> None:
    # given a plan that changes while a timer due before has yet to fire
    before = engine("00000001", keen=count("X", 1, HOUR))
    after = engine("00000002", keen=count("X", 1, HOUR), fresh=Not(count("Y", 1, None)))
    shopper = Shopper()
    before.decide(shopper, event("X", T, "a"), T)
    outcome = after.on_due(shopper, "u1", T + 2 * HOUR, T + 2 * HOUR)
    assert changes(outcome) == [("fresh", "entered", 0, "definition_change"), ("keen", "exited", HOUR, "timer")]
    assert [decision.silent for decision in outcome.decisions] == [True, False]


def test_a_record_that_goes_back_and_forth_between_plans_repeats_no_id_and_sends_nothing() -> None:
    # given an old and a new topology side by side, and a partition that moves between their workers
    before = engine("00000001", keen=count("X", 1, None))
    after = engine("00000002", keen=count("X", 1, None), fresh=count("Y", 1, HOUR))
    shopper, outcomes = Shopper(), []
    before.decide(shopper, event("X", T, "a"), T)
    for number, one in enumerate([after, before, after]):
        outcomes.append(one.decide(shopper, event("Y", T + number, f"b{number}"), T + number))
    # then a segment that both know stays; the new one is left under the old topology, and entered again under the new
    assert [changes(outcome) for outcome in outcomes] == [
        [("fresh", "entered", 0, "event")],
        [("fresh", "exited", 0, "definition_change")],
        [("fresh", "entered", 1, "definition_change")],
    ]
    ids = [decision.id for outcome in outcomes for decision in outcome.decisions]
    assert len(ids) == len(set(ids))
