"""What a changed topology says of a shopper, by its text."""

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from tests.unit.config.builder import topology

T = 1_767_434_400_000
HOUR = 3_600_000

SEGMENTS = """\
segments:
  buyers: {title: Buyers, when: {orders: {at_least: 1}}}
  fans: {when: {all: [{in: buyers}, {trait: {name: vip, is: true}}]}}
"""
CART = "abandonment: {cart: {stages: [4h, 1d]}}\n"
CLUB = """\
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    tiers: {metric: points_earned, window: lifetime, levels: [{name: bronze, from: 0}, {name: silver, from: 100}]}
"""


def engine(text: str) -> Engine:
    return Engine(topology(text).plan())


def order(total: int) -> Event:
    body = msgspec.Raw(msgspec.json.encode({"order_id": "o1", "total": total, "currency": "EUR"}))
    return Event("track", "Order Completed", "ann", T, T, "m1", properties=body)


def added() -> Event:
    body = msgspec.Raw(b'{"product_id":"p1","price":10,"quantity":1}')
    return Event("track", "Product Added", "ann", T, T, "m1", properties=body)


def told(outcome: Outcome) -> list[tuple[str, int, str, bool]]:
    return [(one.type, one.effective_at - T, one.cause_kind, one.silent) for one in outcome.decisions]


def test_another_title_order_or_spelling_is_no_change() -> None:
    first, *rest = SEGMENTS.splitlines(keepends=True)
    same = first + "".join(reversed(rest)).replace("Buyers", "All who bought")
    same = same.replace("{in: buyers}, {trait: {name: vip, is: true}}", "{trait: {name: vip, is: true}}, {in: buyers}")
    one, other = engine(SEGMENTS + CART), engine(CART.replace("1d", "24h") + same)
    assert one.digest == other.digest
    shopper = Shopper()
    one.decide(shopper, order(50), T)
    assert other.is_of_this_plan(shopper)
    assert told(other.on_due(shopper, "ann", T + HOUR, T + HOUR)) == []


def test_a_renamed_segment_is_one_gone_and_one_new() -> None:
    one, other = engine(SEGMENTS), engine(SEGMENTS.replace("buyers", "customers"))
    shopper = Shopper()
    one.decide(shopper, order(50), T)
    assert sorted(told(other.on_due(shopper, "ann", T + 2 * HOUR, T + HOUR))) == [
        ("segment.entered", HOUR, "definition_change", True),
        ("segment.exited", HOUR, "definition_change", True),
    ]


def test_tiers_are_looked_at_anew_silently_and_points_stay() -> None:
    one, other = engine(CLUB), engine(CLUB.replace("100", "40"))
    shopper = Shopper()
    one.decide(shopper, order(50), T)
    assert told(other.on_due(shopper, "ann", T + HOUR, T + HOUR)) == [
        ("loyalty.upgraded", HOUR, "definition_change", True)
    ]
    assert other.loyalty.summary(shopper)["club"]["balance"] == 50


def test_a_stage_that_a_shorter_delay_makes_overdue_is_sent_at_once_and_aloud() -> None:
    one, other = engine(CART), engine(CART.replace("4h", "1h"))
    shopper = Shopper()
    one.decide(shopper, added(), T)
    assert told(other.on_due(shopper, "ann", T + 3 * HOUR, T + 2 * HOUR)) == [
        ("abandonment.abandoned", 2 * HOUR, "timer", False)
    ]


def test_a_loud_segment_tells_its_change_aloud_and_no_other_does() -> None:
    one = engine("segments: {gone: {when: {orders: {at_least: 1}}, definition_change: loud}}\n" + CLUB)
    loud = (
        "segments: {a: {when: {orders: {at_least: 1}}, definition_change: loud}, b: {when: {orders: {at_least: 1}}}}\n"
    )
    other = engine(loud + CLUB.replace("100", "40"))
    shopper = Shopper()
    one.decide(shopper, order(50), T)
    outcome = other.on_due(shopper, "ann", T + HOUR, T + HOUR)
    assert {(one.fields.get("segment"), one.type, one.silent) for one in outcome.decisions} == {
        # what is gone says nothing any more of how it is told
        ("gone", "segment.exited", True),
        ("a", "segment.entered", False),
        ("b", "segment.entered", True),
        (None, "loyalty.upgraded", True),
    }
    assert {one.cause_kind for one in outcome.decisions} == {"definition_change"}


def test_loudness_that_comes_or_goes_tells_nothing_by_itself() -> None:
    silent, loud = engine(SEGMENTS), engine(SEGMENTS.replace("title: Buyers", "definition_change: loud"))
    shopper = Shopper()
    silent.decide(shopper, order(50), T)
    for changed in (loud, silent, loud):
        assert told(changed.on_due(shopper, "ann", shopper.now + HOUR, shopper.now + HOUR)) == []


@pytest.mark.parametrize("definition_change", ["silent", "loud"])
def test_a_message_is_sent_for_a_loud_change_alone(definition_change: str) -> None:
    def shop(total: int) -> Engine:
        return engine(
            f"segments: {{a: {{when: {{spend: {{at_least: {total}}}}}, definition_change: {definition_change}}}}}\n"
            "messaging:\n"
            "  messages:\n"
            "    receipt: {on: {segment: a, change: entered}, channel: on-site, transactional: true}\n"
            "    offer: {on: {segment: a, change: entered}, channel: on-site}\n"
        )

    shopper, after = Shopper(), shop(50)
    shop(100).decide(shopper, order(50), T)
    outcome = after.on_due(shopper, "ann", T + HOUR, T + HOUR)
    outcome.decisions += after.on_due(shopper, "ann", T + 2 * HOUR).decisions
    silent = definition_change == "silent"
    assert [(one.topic, one.silent) for one in outcome.decisions][:1] == [("segment-changes", silent)]
    asked = [(one.fields["message"], one.silent, one.effective_at - T - HOUR) for one in outcome.decisions[1:]]
    assert asked == ([] if silent else [("receipt", False, 0), ("offer", False, 60_000)])
