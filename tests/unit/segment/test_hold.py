"""Holds: what waits, what breaks a wait, and what another definition does to it."""

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Hold, Plan, SegmentDefinition, Test, Trait
from pipeline.domain.event import Event
from pipeline.domain.outcome import Outcome
from pipeline.domain.segments.hold import hold_key
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import HOUR

T = 1_767_434_400_000
HELD = Hold(enter=HOUR, leave=2 * HOUR)


def engine(value: str = "pro", hold: Hold | None = HELD, name: str = "s", other: str = "") -> Engine:
    """other: something else in the plan, so that its digest changes and the segment's meaning does not."""
    identity = f"{value}-{hold}"
    segments = (SegmentDefinition(name, Trait(("plan",), (Test("is", value),)), identity, hold=hold),)
    digest = msgspec.json.encode([identity, name, other]).hex()[-8:]
    if other:
        segments += (SegmentDefinition("other", Trait(("plan",), (Test("is", other),)), other),)
    return Engine(Plan(name="shop", digest=digest, segments=segments))


def identify(one: Engine, shopper: Shopper, value: str, at: int) -> Outcome:
    traits = msgspec.Raw(msgspec.json.encode({"plan": value}))
    return one.decide(shopper, Event("identify", "identify", "u", at, at, f"{value}-{at}", traits=traits), at)


def told(outcome: Outcome) -> list[tuple[str, int, str, bool]]:
    return [(one.fields["change"], one.effective_at, one.cause_kind, one.silent) for one in outcome.decisions]


def test_a_change_comes_by_timer_at_the_end_of_its_wait() -> None:
    one, shopper = engine(), Shopper()
    assert told(identify(one, shopper, "pro", T)) == []
    assert shopper.due == T + HOUR
    assert told(one.on_due(shopper, "u", T + HOUR - 1)) == []
    assert told(one.on_due(shopper, "u", T + HOUR)) == [("entered", T + HOUR, "timer", False)]
    assert (shopper.due, shopper.windows) == (0, {})
    assert told(identify(one, shopper, "basic", T + 3 * HOUR)) == []
    assert told(one.on_due(shopper, "u", T + 9 * HOUR)) == [("exited", T + 5 * HOUR, "timer", False)]


def test_a_wait_that_breaks_leaves_nothing_behind() -> None:
    one, shopper = engine(), Shopper()
    identify(one, shopper, "pro", T)
    identify(one, shopper, "basic", T + HOUR - 1)
    assert (shopper.due, shopper.windows) == (0, {})


def test_without_a_wait_on_one_side_that_side_changes_at_once() -> None:
    one, shopper = engine(hold=Hold(leave=HOUR)), Shopper()
    assert told(identify(one, shopper, "pro", T)) == [("entered", T, "event", False)]
    assert told(identify(one, shopper, "basic", T + 1)) == []


def test_a_wait_goes_on_under_another_plan_that_means_the_same_segment() -> None:
    # given a wait that runs
    before, after, shopper = engine(), engine(other="x"), Shopper()
    identify(before, shopper, "pro", T)

    # when something else in the plan changes
    assert told(after.adopt(shopper, "u")) == []

    # then it ends when it would have
    assert told(after.on_due(shopper, "u", T + HOUR)) == [("entered", T + HOUR, "timer", False)]


def test_a_changed_definition_takes_its_members_over_silently_and_does_not_wait() -> None:
    before, after, shopper = engine(), engine(hold=Hold(enter=5 * HOUR)), Shopper()
    identify(before, shopper, "pro", T)
    assert told(after.adopt(shopper, "u")) == [("entered", T, "definition_change", True)]
    assert (shopper.due, shopper.windows) == (0, {})


def test_a_wait_of_a_segment_that_is_gone_or_held_no_more_is_forgotten() -> None:
    for after in (engine(name="else", value="x"), engine(hold=None)):
        shopper = Shopper()
        identify(engine(), shopper, "pro", T)
        assert shopper.windows == {hold_key("s"): [T, shopper.windows[hold_key("s")][1]]}
        after.adopt(shopper, "u")
        assert (shopper.due, shopper.windows) == (0, {})
