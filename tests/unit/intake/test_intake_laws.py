"""Whatever comes, intake says something sensible and never raises."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from tests.support.client_call import RECEIVED, track

INTAKE = Intake(Plan(name="shop", digest="00000001"))
SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
JSON = st.recursive(
    SCALARS, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
)
FIELDS = [
    *("type", "event", "userId", "anonymousId", "messageId", "timestamp", "originalTimestamp", "sentAt", "receivedAt"),
    *("properties", "traits", "context", "integrations", "batch", "name"),
]
PROPERTIES = st.fixed_dictionaries(
    {}, optional=dict.fromkeys(("price", "quantity", "products", "total", "revenue", "order_id"), JSON)
)
REPEATABLE = settings(derandomize=True, deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=150)


def judge(value: bytes, from_field: bool) -> list[Event | Refusal]:
    said = INTAKE.accept(value, RECEIVED, from_field=from_field)
    for one in said:
        if isinstance(one, Event):
            assert one.shopper and one.message_id and one.name
            assert one.time <= one.received
            decode_object(one.properties)
            decode_object(one.traits)
        else:
            assert one.original in value
    return said


@REPEATABLE
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes(value: bytes, from_field: bool) -> None:
    assert len(judge(value, from_field)) == 1


@REPEATABLE
@given(st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=4), st.booleans())
def test_a_call_with_anything_in_any_field(over: dict[str, Any], from_field: bool) -> None:
    judge(json.dumps(track(**over)).encode(), from_field)


@REPEATABLE
@given(PROPERTIES, st.sampled_from(["Product Added", "Order Completed", "Cart Viewed", "Order Refunded"]))
def test_commerce_events_with_anything_in_them(properties: dict[str, Any], name: str) -> None:
    judge(json.dumps(track(name, properties=properties)).encode(), False)


@REPEATABLE
@given(st.integers(0, 400), st.binary(max_size=3), st.integers(0, 5))
def test_damaged_calls(at: int, inserted: bytes, cut: int) -> None:
    whole = json.dumps({"batch": [track(), track("Order Completed", properties={"total": 3})]}).encode()
    judge(whole[:at] + inserted + whole[at + cut :], False)


@REPEATABLE
@given(st.lists(st.sampled_from([b'{"type":"page","userId":"u"}', b"{}", b"[", b"7", b'"'])), st.booleans())
def test_a_batch_has_one_answer_for_each_of_its_calls(items: list[bytes], from_field: bool) -> None:
    said = judge(b'{"batch":[' + b",".join(items) + b"]}", from_field)
    if not {b"[", b'"'} & set(items):
        assert len(said) == len(items)
