"""An event that refers to another shopper is told of both, each under its own key."""

import json
from typing import Any

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import REFERRAL, Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition

T = 1_767_434_400_000
RULE = EarnRule("Referral Completed", 500_000_000, also=("by", "id"))
CLUB = ProgrammeDefinition("club", "c", (RULE,), "points_earned", (Level("bronze", 0, 0),))
INTAKE = Intake(Plan(name="shop", digest="00000001", programmes=(CLUB,)))


def call(referrer: Any, **more: Any) -> dict[str, Any]:
    return {
        "type": "track",
        "event": "Referral Completed",
        "userId": "lee",
        "messageId": "m-1",
        "properties": {"by": {"id": referrer}},
        **more,
    }


def accepted(body: Any, intake: Intake = INTAKE) -> list[Event | Refusal]:
    return intake.accept(json.dumps(body).encode(), T)


def test_the_copy_is_the_event_under_the_key_of_the_one_who_referred() -> None:
    context = {"device": {"id": "phone"}, "ip": "10.0.0.1", "timezone": "Asia/Tokyo"}
    first, copy = accepted(call("kim", context=context))
    assert isinstance(first, Event) and isinstance(copy, Event)
    assert (first.type, first.shopper, first.referred) == ("track", "lee", "")
    assert (copy.type, copy.shopper, copy.referred) == (REFERRAL, "kim", "lee")
    assert (copy.name, copy.time, copy.received, copy.message_id) == (
        first.name, first.time, first.received, first.message_id,
    )  # fmt: skip
    assert copy.properties == first.properties
    assert (copy.timezone, copy.anonymous) == ("", False)
    assert copy.origin == first.origin
    assert 0 not in first.origin


@pytest.mark.parametrize("referrer", ["lee", "", None, {"a": 1}, "x" * 600, "\x01"])
def test_who_cannot_have_referred_is_told_nothing(referrer: Any) -> None:
    assert len(accepted(call(referrer))) == 1


def test_whole_numbers_are_ids() -> None:
    copy = accepted(call(17))[1]
    assert isinstance(copy, Event) and copy.shopper == "17"


def test_copies_stand_after_the_calls_of_a_batch_so_that_each_keeps_its_place() -> None:
    calls = accepted({"batch": [call("kim"), {"type": "nonsense"}, call("max", userId="ann", messageId="m-2")]})
    told = [(one.shopper, one.type) if isinstance(one, Event) else one.reason for one in calls]
    assert told == [("lee", "track"), "unknown_type", ("ann", "track"), ("kim", REFERRAL), ("max", REFERRAL)]


def test_clients_cannot_send_copies_themselves() -> None:
    (refused,) = accepted(call("kim", type=REFERRAL))
    assert isinstance(refused, Refusal) and refused.reason == "unknown_type"


def test_without_such_a_rule_nothing_is_copied_and_no_origin_kept() -> None:
    (event,) = accepted(call("kim", context={"ip": "10.0.0.1"}), Intake(Plan(name="shop", digest="00000001")))
    assert isinstance(event, Event) and event.origin == (0, 0)
