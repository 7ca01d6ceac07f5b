"""Whose call it is under a topology that says who is who, and which device came with it."""

import json
from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.intake.intake import Intake

RECEIVED = 1_767_434_400_000
PLAN = parse("version: 1\nname: shop\nidentity: {blocked: ['[0-]*', anonymous]}\n", {}).plan()


def told(**call: Any) -> list[tuple[str, ...]]:
    """(shopper, device) of an event, (`claim`, device, user) of a claim, the reason of a refusal."""
    value = json.dumps({"type": "page", "messageId": "m", **call}).encode()
    found: list[tuple[str, ...]] = []
    for one in Intake(PLAN).accept(value, RECEIVED):
        if not isinstance(one, Event):
            found.append((one.reason,))
        elif one.type == CLAIM:
            assert (one.time, one.received, one.message_id) == (RECEIVED, RECEIVED, "m")
            found.append((CLAIM, one.shopper, one.referred))
        else:
            found.append((one.shopper, one.anonymous_id))
            assert one.anonymous is (not call.get("userId") or one.shopper != call["userId"])
    return found


@pytest.mark.parametrize(
    ("call", "expected"),
    [
        ({"userId": "u", "anonymousId": "a"}, [("u", "a"), (CLAIM, "a", "u")]),
        ({"userId": "u"}, [("u", "")]),
        ({"anonymousId": "a"}, [("a", "")]),
        ({"userId": "u", "anonymousId": "u"}, [("u", "")]),
        ({"userId": "u", "anonymousId": "0-0"}, [("u", "")]),
        ({"userId": "u", "anonymousId": "a\x00"}, [("u", "")]),
        ({"userId": "u", "anonymousId": ["a"]}, [("u", "")]),
        ({"userId": "Anonymous", "anonymousId": "a"}, [("a", "")]),
        ({"userId": "ANONYMOUS", "anonymousId": "00"}, [("blocked_id",)]),
        ({"anonymousId": "00"}, [("blocked_id",)]),
        ({}, [("missing_id",)]),
        ({"userId": "u\x00"}, [("invalid_id",)]),
        ({"type": "alias", "userId": "u", "previousId": "p", "anonymousId": "a"}, [("u", "p"), (CLAIM, "p", "u")]),
        ({"type": "alias", "userId": "u"}, [("u", "")]),
    ],
)
def test_whose_call_it_is(call: dict[str, Any], expected: list[tuple[str, ...]]) -> None:
    assert told(**call) == expected


def test_claims_stand_behind_all_calls_of_a_batch() -> None:
    batch = [
        {"type": "page", "messageId": str(number), "userId": "u", "anonymousId": f"a{number}"} for number in (1, 2)
    ]
    found = Intake(PLAN).accept(json.dumps({"batch": batch}).encode(), RECEIVED)
    assert [one.shopper for one in found if isinstance(one, Event)] == ["u", "u", "a1", "a2"]


def test_without_the_block_ids_are_shoppers_as_sent() -> None:
    plan = parse("version: 1\nname: shop\n", {}).plan()
    (event,) = Intake(plan).accept(b'{"type":"page","userId":"null","anonymousId":"a"}', RECEIVED)
    assert isinstance(event, Event)
    assert (event.shopper, event.anonymous_id) == ("null", "")
