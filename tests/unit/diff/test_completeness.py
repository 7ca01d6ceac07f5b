"""From when on a definition says what it would have said, had it been there all the time."""

from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.diff.completeness import Completeness, Retention, looks_back
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY
from pipeline.replay.reader import readings
from tests.oracle.engine_run import Calls, topology_text
from tests.support.replaying import call, ms

VIEWS = {"count": {"of": "Product Viewed", "within": "30d", "at_least": 2}}
BASKETS = {"events": {"aliases": {"Basket": "Product Added"}}}
DOLLARS = {"shop": {"currency": "USD"}}


def topology(*whens: dict[str, Any], **more: Any) -> Plan:
    return parse(
        topology_text({"segments": {f"s{n}": {"when": when} for n, when in enumerate(whens)}, **more}), {}
    ).plan()


def span(old: Plan, new: Plan) -> int | None:
    """Of the last segment of `new`."""
    return list(Retention(old, new).of_segments().values())[-1].span


@pytest.mark.parametrize(
    "when, expected",
    [
        # state that is kept whatever the rules are
        ({"orders": {"within": "365d", "at_least": 1}}, 0),
        ({"spend": {"at_least": 100}}, 0),
        ({"cart": {"value": {"at_least": 20}}}, 0),
        ({"trait": {"name": "plan", "is": "pro"}}, 0),
        # the very same state as before, in whatever it stands
        (VIEWS, 0),
        ({"not": {"all": [VIEWS, {"orders": {"at_least": 1}}]}}, 0),
        # a threshold that less than what was kept can tell
        ({"count": {"of": "Product Viewed", "within": "30d", "at_least": 1}}, 0),
        ({"not": {"count": {"of": "Product Viewed", "within": "30d", "at_most": 1}}}, 0),
        # windows of their own: other events, lengths or filters; and a threshold that needs more
        ({"count": {"of": "Searched", "within": "30d", "at_least": 2}}, 30 * DAY),
        ({"count": {"of": "Product Viewed", "within": "10d", "at_least": 2}}, 10 * DAY),
        ({"count": {"of": "Product Viewed", "within": "30d", "at_least": 3}}, 30 * DAY),
        ({"sum": {"of": "Product Viewed", "property": "price", "within": "7d", "at_least": 5}}, 7 * DAY),
        ({"any": [VIEWS, {"count": {"of": "Searched", "within": "2d", "at_least": 1}}]}, 2 * DAY),
        # what looks at all time
        ({"count": {"of": "Product Viewed", "at_least": 2}}, None),
        ({"all": [VIEWS, {"distinct": {"of": "Searched", "property": "q", "at_least": 2}}]}, None),
        ({"sequence": {"steps": [{"of": "Searched"}, {"of": "Product Viewed"}], "within": "1h"}}, None),
        # the first one is gone for good, the latest one matters only as long as it may be
        ({"first": {"of": "Searched", "property": "$time", "within": "30d"}}, None),
        ({"last": {"of": "Searched", "property": "$time", "within": "30d"}}, 30 * DAY),
        ({"count": {"of": "Product Viewed", "within": {"calendar": "month"}, "at_least": 2}}, 33 * DAY),
        ({"count": {"of": "Product Viewed", "within": {"since": "Searched"}, "at_least": 2}}, None),
        # The orders are known, but not the zone in which the day ends.
        ({"spend": {"within": {"calendar": "day"}, "at_least": 5}}, 3 * DAY),
        ({"orders": {"within": {"since": "Searched"}, "at_least": 1}}, None),
        ({"last": {"of": "Searched", "property": "q", "is": "hats"}}, None),
    ],
)
def test_what_a_new_segment_knows(when: dict[str, Any], expected: int | None) -> None:
    assert span(topology(VIEWS), topology(when)) == expected


def test_what_guards_traits_and_the_journey_kept_is_known_too() -> None:
    # given a topology that keeps views for other rules than segments
    guarded = topology(abandonment={"cart": {"stages": ["1h"], "when": VIEWS}})
    staged = topology(journey=[{"stage": "curious", "when": VIEWS}, {"stage": "other"}])
    derived = topology(traits={"price": {"avg": {"of": "Product Viewed", "property": "price", "within": "7d"}}})

    # then a segment finds them
    assert span(guarded, topology(VIEWS)) == span(staged, topology(VIEWS)) == 0
    price = {"avg": {"of": "Product Viewed", "property": "price", "within": "7d", "at_least": 5}}
    assert span(derived, topology(price)) == 0


@pytest.mark.parametrize("within, later", [({"within": "7d"}, 7 * DAY), ({}, None)])
def test_distinct_values_are_known_as_far_as_they_were_kept(within: dict[str, Any], later: int | None) -> None:
    def words(number: int) -> Plan:
        return topology({"distinct": {"of": "Searched", "property": "q", "at_least": number, **within}})

    assert (span(words(5), words(3)), span(words(3), words(5))) == (0, later)
    trait = topology(traits={"words": {"distinct": {"of": "Searched", "property": "q", **within}}})
    assert (span(trait, words(1_000)), span(trait, words(1_001))) == (0, later)


def test_a_segment_is_as_complete_as_those_that_it_refers_to() -> None:
    searching = {"count": {"of": "Searched", "within": "3d", "at_least": 1}}
    found = Retention(topology(VIEWS), topology(searching, {"not": {"in": "s0"}})).of_segments()
    assert found["s1"].span == 3 * DAY
    assert [lack.keeps for lack in found["s1"].lacks] == ["latest timestamp of Searched"]


def test_waits_of_a_changed_segment_begin_with_it() -> None:
    def held(when: dict[str, Any]) -> Plan:
        segment = {"when": when, "hold": {"enter": "1h", "leave": "1d"}}
        return parse(topology_text({"segments": {"s0": segment}}), {}).plan()

    assert span(topology(VIEWS), held(VIEWS)) == DAY
    assert span(held(VIEWS), held(VIEWS)) == 0
    assert span(topology(), held(VIEWS)) == 31 * DAY


def test_the_journey_and_traits() -> None:
    journey = [{"stage": "curious", "when": VIEWS}, {"stage": "other"}]
    traits = {"value": {"spend": {}}, "searches": {"count": {"of": "Searched"}}}
    retention = Retention(topology(), topology(VIEWS, journey=journey, traits=traits))
    assert retention.of_journey(retention.of_segments()).span == 30 * DAY
    assert {name: one.span for name, one in retention.of_traits().items()} == {"value": 0, "searches": None}
    assert Retention(topology(), topology()).of_journey({}) == Completeness(0)


@pytest.mark.parametrize(
    "when, expected",
    [
        (VIEWS, 30 * DAY),
        ({"orders": {"within": "365d", "at_least": 1}}, 365 * DAY),
        ({"spend": {"at_least": 1}}, None),
        ({"cart": {"items": {"at_least": 1}}}, None),
        ({"trait": {"name": "plan", "is": "pro"}}, None),
        ({"any": [{"in": "views"}, {"count": {"of": "Searched", "within": "1h", "at_least": 1}}]}, 30 * DAY),
    ],
)
def test_how_much_history_a_segment_rests_on(when: dict[str, Any], expected: int | None) -> None:
    segments = {"views": {"when": VIEWS}, "waits": {"when": when, "hold": {"leave": "1d"}}, "asked": {"when": when}}
    found = looks_back(parse(topology_text({"segments": segments}), {}).plan())
    assert found == {"views": 30 * DAY, "asked": expected, "waits": expected and expected + DAY}


@pytest.mark.parametrize(
    "facts, when, expected",
    [
        # an event that had another name, so that nobody counted it under this one
        (BASKETS, {"count": {"of": "Product Added", "within": "1d", "at_least": 1}}, DAY),
        (BASKETS, {"cart": {"items": {"at_least": 1}}}, None),
        (BASKETS, VIEWS, 0),
        (BASKETS, {"orders": {"at_least": 1}}, 0),
        # amounts stay in the currency of their time
        (DOLLARS, {"spend": {"within": "30d", "at_least": 1}}, 30 * DAY),
        (DOLLARS, {"spend": {"at_least": 1}}, None),
        (DOLLARS, {"orders": {"at_least": 1}}, 0),
        (DOLLARS, {"cart": {"value": {"at_least": 1}}}, None),
    ],
)
def test_facts_of_the_shop_that_change(facts: dict[str, Any], when: dict[str, Any], expected: int | None) -> None:
    assert span(topology(when), topology(when, **facts)) == expected


def test_the_instant_is_exact() -> None:
    # given somebody who looks at the very instant of the deployment, and a window that is new with it
    deployed_at, plans = ms("2026-01-05T10:00:00Z"), (topology(), topology(VIEWS))
    calls = [call("kim", "Product Viewed", f"2026-01-0{day}T10:00:00Z") for day in (4, 5)]
    events = [one for _, one, *_ in readings([Calls(calls)], Intake(plans[0]))]
    taken_over, complete, new = Shopper(), Shopper(), Engine(plans[1])
    for event in events:
        Engine(plans[0]).decide(taken_over, event, event.received)  # type: ignore[arg-type, union-attr]
        new.decide(complete, event, event.received)  # type: ignore[arg-type, union-attr]

    def member(shopper: Shopper, at: int) -> bool:
        new.on_due(shopper, "kim", at)
        return "s0" in shopper.memberships and shopper.memberships["s0"].member

    # when one of the two views has left the window, then the answers are the same; one millisecond earlier they are not
    end = deployed_at + 29 * DAY
    assert (member(taken_over, end - 1), member(complete, end - 1)) == (False, True)
    assert (member(taken_over, end), member(complete, end)) == (False, False)
