"""Hot keys: more events of one id in a span of event time than a person can make."""

from dataclasses import replace

import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import CLAIM, REFERRAL, Event
from pipeline.domain.history import History
from pipeline.domain.hot_key import HotKeys
from pipeline.domain.intake_definition import HotKeyDefinition
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.state.record import RecordCodec

NOW = 1_767_434_400_000
PLAN = Plan("shop", "00000001", hot_keys=HotKeyDefinition(at_most=2, per=1_000, drops=True))


def event(number: int, time: int, name: str = "Product Viewed", type_: str = "track") -> Event:
    return Event(type_, name, "kim", NOW + time, NOW + 10_000, f"m-{number}")


def decided(shopper: Shopper, events: list[Event], plan: Plan = PLAN) -> list[Outcome]:
    engine = Engine(plan)
    return [engine.decide(shopper, one, one.received) for one in events]


def hot(outcomes: list[Outcome]) -> list[bool]:
    return ["hot_key" in one.remarks for one in outcomes]


@pytest.mark.parametrize(
    "times, expected",
    [
        ([0, 400, 999, 999], [False, False, True, True]),
        ([0, 400, 1_000, 1_001, 1_002], [False, False, False, False, True]),
        ([2_000, 2_001, 1_500, 1_501, 1_502, 2_002], [False, False, False, False, False, True]),
        ([0, 5_000, 10_000], [False, False, False]),
    ],
)
def test_each_span_of_event_time_has_its_own_count(times: list[int], expected: list[bool]) -> None:
    events = [event(number, time) for number, time in enumerate(times)]
    assert hot(decided(Shopper(), events)) == expected


def test_what_is_dropped_counts_for_nothing_but_is_remembered_as_seen() -> None:
    shopper = Shopper()
    outcomes = decided(shopper, [event(1, 0), event(2, 1), event(3, 2), event(3, 2)])
    assert [one.refusal for one in outcomes] == [None, None, None, "duplicate"]
    assert [one.remarks for one in outcomes] == [[], [], ["hot_key"], []]
    assert shopper.sessions == 1


def test_what_is_flagged_is_as_others() -> None:
    flagging = replace(PLAN, hot_keys=HotKeyDefinition(at_most=2, per=1_000))
    shopper, alike = Shopper(), Shopper()
    events = [event(number, number * 300_000 * (number == 3)) for number in range(4)]
    assert hot(decided(shopper, events, flagging)) == [False, False, True, False]
    decided(alike, events, replace(PLAN, hot_keys=None))
    shopper.pace = None
    assert shopper == alike


def test_copies_do_not_count() -> None:
    assert hot(decided(Shopper(), [event(1, 0), event(1, 0), event(2, 0), event(3, 0)])) == [False, False, False, True]


@pytest.mark.parametrize("name", ["Email Unsubscribed", "Consent Changed", "Shopper Suppressed", "Shopper Erased"])
def test_a_will_is_never_hot(name: str) -> None:
    keys, shopper = HotKeys(HotKeyDefinition(at_most=1, drops=True)), Shopper()
    told = [event(1, 0), event(2, 0, name), event(3, 0)]
    assert [keys.leaves_out(shopper, one, []) for one in told] == [False, False, True]


@pytest.mark.parametrize("type_", [REFERRAL, CLAIM])
def test_what_others_did_does_not_count(type_: str) -> None:
    keys, shopper = HotKeys(HotKeyDefinition(at_most=1, drops=True)), Shopper()
    assert [keys.leaves_out(shopper, event(number, 0, type_=type_), []) for number in range(3)] == [False] * 3


def test_what_is_kept_is_bounded_and_stored() -> None:
    codec, shopper = RecordCodec(), Shopper()
    decided(shopper, [event(number, 0) for number in range(50)])
    assert shopper.pace == (NOW // 1_000, 3)
    assert codec.decode(codec.encode(shopper)).pace == shopper.pace


def test_nothing_is_kept_where_nobody_looks() -> None:
    shopper = Shopper()
    decided(shopper, [event(1, 0), event(2, 0), event(3, 0)], replace(PLAN, hot_keys=None))
    assert shopper.pace is None


def test_a_backfill_leaves_out_the_same() -> None:
    history, shopper = History(PLAN), Shopper()
    events = [event(number, 0) for number in range(4)]
    for one in events:
        history.fold(shopper, one, one.received)
    live = Shopper()
    decided(live, events)
    assert (shopper.pace, shopper.ids) == (live.pace, live.ids)
