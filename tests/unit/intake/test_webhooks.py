"""Providers' webhooks, in the shapes that their documentation shows, made into events or dead letters."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from ruamel.yaml import YAML

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.value.instant import format_instant, parse_instant

INTAKE = Intake(Plan("shop", "0"))
RECEIVED = parse_instant("2026-01-05T12:00:00Z") or 0
FOLDER = Path(__file__).with_name("webhooks")
CASES = [
    (f"{file.stem}: {case['webhook']}", case)
    for file in sorted(FOLDER.glob("*.yaml"))
    for case in YAML(typ="safe", pure=True).load(file.read_text())
]


def written(case: dict[str, Any]) -> bytes:
    if "form" in case:
        return str(case["form"]).encode()
    if "sns" in case:
        envelope = {"Type": "Notification", "MessageId": "n1", "TopicArn": "arn:aws:sns:us-east-1:1:ses"}
        return json.dumps({**envelope, "Message": json.dumps(case["sns"]), "SignatureVersion": "1"}).encode()
    return json.dumps(case["body"]).encode()


def accepted(value: bytes) -> tuple[list[Event], list[Refusal]]:
    calls = INTAKE.accept(value, RECEIVED)
    return [one for one in calls if isinstance(one, Event)], [one for one in calls if isinstance(one, Refusal)]


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_a_webhook_becomes_the_events_that_it_tells_of(case: dict[str, Any]) -> None:
    events, refusals = accepted(written(case))
    told = [[format_instant(one.time), one.shopper, one.name, decode_object(one.properties)] for one in events]
    assert told == case.get("events", [])
    assert [one.reason for one in refusals] == case.get("refused", [])


@pytest.mark.parametrize("case", [case for _, case in CASES], ids=[name for name, _ in CASES])
def test_a_webhook_that_is_sent_again_has_the_same_message_ids_and_no_two_events_share_one(
    case: dict[str, Any],
) -> None:
    events, again = accepted(written(case))[0], accepted(written(case))[0]
    ids = [one.message_id for one in events]
    assert ids == [one.message_id for one in again]
    assert len(ids) == len(set(ids))
    assert [one.body for one in events] == [one.body for one in again]


def test_an_event_of_a_list_that_is_refused_is_a_dead_letter_of_its_own_with_its_bytes() -> None:
    good = {"email": "kim@shop.example", "timestamp": 1767607200, "event": "unsubscribe", "user_id": "u-1"}
    bad = {"sg_event_id": "e2", "event": "unsubscribe"}
    events, refusals = accepted(json.dumps([{**good, "sg_event_id": "e1"}, bad]).encode())
    assert len(events) == 1
    assert [(one.item, json.loads(one.original)) for one in refusals] == [(1, bad)]


def test_what_a_dead_letter_says_quotes_nobody() -> None:
    for _, case in CASES:
        for refusal in accepted(written(case))[1]:
            assert "kim" not in refusal.detail
            assert "49151" not in refusal.detail


def test_a_forwarder_may_say_when_it_received_a_webhook() -> None:
    body = {"MessageSid": "SM1", "SmsStatus": "received", "Body": "STOP", "From": "+1", "user_id": "u-1"}
    value = json.dumps({**body, "receivedAt": "2026-01-03T10:00:00Z"}).encode()
    (event,) = INTAKE.accept(value, 0, from_field=True)
    assert isinstance(event, Event)
    assert (event.time, event.received) == (1_767_434_400_000, 1_767_434_400_000)


def test_a_call_of_a_client_is_never_taken_for_a_webhook() -> None:
    call = {
        "type": "track",
        "event": "Product Added",
        "userId": "u-1",
        "MessageSid": "SM1",
        "properties": {"price": -1},
    }
    assert [one.reason for one in accepted(json.dumps(call).encode())[1]] == ["invalid_price"]


WORDS = ["Type", "TopicArn", "Message", "eventType", "mail", "bounce", "event-data", "event", "email", "sg_event_id"]
WORDS += ["MessageSid", "From", "To", "event.kind", "id", "recipient", "tags", "headers", "complaint", "subscription"]
VALUES = st.sampled_from(["Notification", "Bounce", "failed", "bounce", "message.push.sent", "x", "", "Subscription"])
TREES = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), VALUES),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.sampled_from(WORDS), inner, max_size=6)),
    max_leaves=20,
)


@given(st.one_of(TREES.map(lambda tree: json.dumps(tree).encode()), st.binary(max_size=60)))
def test_damaged_webhooks_are_refused_and_never_raise(value: bytes) -> None:
    assert INTAKE.accept(value, RECEIVED) or value == b"[]"


@pytest.mark.parametrize("value", [b"[" * 100_000, b"[]", b"MessageSid=%FF&From=1", b"MessageSid=1" + b"&a=1" * 1_000])
def test_odd_values_are_dead_letters_as_before(value: bytes) -> None:
    assert [type(one) for one in INTAKE.accept(value, RECEIVED)] == [Refusal]
