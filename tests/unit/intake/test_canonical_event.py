"""What an accepted call becomes."""

import json
from typing import Any

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.refusal import Refusal
from tests.support.client_call import RECEIVED, accept, event, track


def test_a_track_call() -> None:
    said = event(
        track("Product Added", anonymousId="a-1", properties={"b": 1, "a": "x"}, context={"timezone": "Asia/Tokyo"})
    )
    assert (said.type, said.name, said.shopper, said.message_id) == ("track", "Product Added", "u-1", "m-1")
    assert (said.received, said.timezone, bytes(said.properties)) == (RECEIVED, "Asia/Tokyo", b'{"a":"x","b":1}')


@pytest.mark.parametrize("type_", ["page", "screen"])
def test_pages_and_screens_are_named_by_their_type(type_: str) -> None:
    said = event(track("Home", type=type_, name="Home", properties={"path": "/"}))
    assert (said.name, bytes(said.properties)) == (type_, b'{"path":"/"}')


@pytest.mark.parametrize("type_", ["alias", "group"])
def test_other_calls_carry_neither_properties_nor_traits(type_: str) -> None:
    said = event(track(type=type_, traits={"a": 1}, properties={"a": 1}))
    assert (said.name, bytes(said.properties), bytes(said.traits)) == (type_, b"{}", b"{}")


@pytest.mark.parametrize(
    "ids, shopper",
    [
        ({"userId": "u", "anonymousId": "a"}, "u"),
        ({"userId": None, "anonymousId": "a"}, "a"),
        ({"userId": "", "anonymousId": "a"}, "a"),
        ({"userId": " \t", "anonymousId": "a"}, "a"),
        ({"userId": 42}, "42"),
        ({"userId": ..., "anonymousId": -7}, "-7"),
        ({"userId": 0}, "0"),
        ({"userId": " u "}, " u "),
    ],
)
def test_the_shopper_is_the_user_id_else_the_anonymous_id(ids: dict[str, Any], shopper: str) -> None:
    assert event(track(**ids)).shopper == shopper


@pytest.mark.parametrize(
    "sent, standard",
    [
        ("Completed Order", "Order Completed"),
        ("completed order", "Order Completed"),
        ("  Viewed   PRODUCT ", "Product Viewed"),
        ("Started Order", "Checkout Started"),
        ("Viewed Product Category", "Product List Viewed"),
        ("order completed", "order completed"),
        ("Basket Item Added", "Product Added"),
        ("basket item added", "basket item added"),
        ("In den Korb", "Product Added"),
        ("Order Completed", "Sale"),
    ],
)
def test_aliases(sent: str, standard: str) -> None:
    aliases = {"Basket Item Added": "Product Added", "In den Korb": "added product", "Order Completed": "Sale"}
    plan = Plan(name="shop", digest="00000001", aliases=aliases)
    said = accept(track(sent), track(sent), plan=plan)
    assert [one.name for one in said] == [standard, standard]


@pytest.mark.parametrize(
    "call, traits",
    [
        ({"traits": {"a": 1}}, b'{"a":1}'),
        ({"context": {"traits": {"a": 1}}}, b'{"a":1}'),
        ({"traits": {"a": 1}, "context": {"traits": {"a": 2, "b": 3}}}, b'{"a":1}'),
        ({"traits": {}, "context": {"traits": {"b": 3}}}, b'{"b":3}'),
        ({"traits": None}, b"{}"),
        ({"traits": {"firstName": "K", "first_name": "L"}}, b'{"firstName":"K","first_name":"L"}'),
    ],
)
def test_traits_of_identify(call: dict[str, Any], traits: bytes) -> None:
    assert bytes(event(track(type="identify", **call)).traits) == traits


@pytest.mark.parametrize("zone, kept", [("Europe/Berlin", "Europe/Berlin"), (7, ""), (None, ""), ("x" * 65, "")])
def test_timezone(zone: Any, kept: str) -> None:
    assert event(track(context={"timezone": zone})).timezone == kept


def test_a_missing_message_id_is_derived_from_the_body() -> None:
    first, again, other = accept(
        track(messageId=...), track(messageId=None, sentAt="2026-01-03T10:04:01Z"), track(messageId="", x=1)
    )
    assert first.message_id.startswith("derived-")
    assert first.flags == ("derived_id",)
    assert first.message_id == again.message_id != other.message_id


SAME = [
    {"sentAt": "2026-01-03T10:04:30Z"},
    {"receivedAt": "2026-01-03T10:04:30Z"},
    {"originalTimestamp": "2026-01-03T10:04:30Z"},
    {"_metadata": {"retryCount": 2}},
]
OTHER = [
    {"properties": {"a": 2}},
    {"properties": {"a": "1"}},
    {"event": "Product Clicked"},
    {"userId": "u-2"},
    {"anonymousId": "a"},
    {"timestamp": "2026-01-03T10:04:00.001Z"},
    {"context": {"ip": "::1"}},
    {"channel": "web"},
]


@pytest.mark.parametrize("over", SAME)
def test_delivery_is_no_part_of_the_body(over: dict[str, Any]) -> None:
    assert event(track(**over)).body == event(track()).body


@pytest.mark.parametrize("over", OTHER)
def test_all_else_is(over: dict[str, Any]) -> None:
    assert event(track(**{"properties": {"a": 1}, **over})).body != event(track(properties={"a": 1})).body


def test_the_body_does_not_depend_on_spelling_or_envelope() -> None:
    call = track(properties={"a": 1.50, "b": [1, {"c": None}]}, context={"x": 1})
    turned = json.dumps(dict(reversed(call.items())), indent=3).replace("1.5", "1.500").encode()
    envelope = {"batch": [call], "sentAt": "2026-01-03T10:04:01Z", "writeKey": "w", "context": {"y": 2}}
    single, spelled, batched, keyed = accept(call, turned, envelope, {**call, "writeKey": "w"})
    assert single.body == spelled.body == batched.body == keyed.body
    assert 0 < single.body < 2**32


def test_a_batch_is_its_calls_in_order_with_what_they_inherit() -> None:
    bare = track(messageId="m-2", context={"traits": {"plan": "gold"}}, type="identify")
    own = track(messageId="m-3", sentAt="2026-01-03T10:04:10Z", context={"timezone": "UTC"})
    envelope = {
        "sentAt": "2026-01-03T10:04:02Z",
        "context": {"timezone": "Asia/Tokyo", "traits": {"plan": "free", "city": "Kyoto"}},
        "batch": [bare, own],
    }
    first, second = accept(envelope)
    assert (first.message_id, first.timezone, first.time) == ("m-2", "Asia/Tokyo", RECEIVED - 2_000)
    assert bytes(first.traits) == b'{"city":"Kyoto","plan":"gold"}'
    assert (second.message_id, second.timezone, second.time) == ("m-3", "UTC", RECEIVED - 10_000)


def test_a_recorded_batch_may_tell_once_when_it_was_received() -> None:
    (said,) = accept(
        {"receivedAt": RECEIVED, "sentAt": RECEIVED + 7, "batch": [track(timestamp=RECEIVED)]}, from_field=True
    )
    assert (said.time, said.received) == (RECEIVED - 7, RECEIVED)


def test_one_bad_call_of_a_batch_harms_no_other() -> None:
    good = json.dumps(track()).encode()
    bad = [
        b'{"type":"track","event":"X"}',
        b"7",
        b'{"a":1e999}',
        b'{"a":"\xff"}',
        b'{"a":' + b"[" * 80 + b"]" * 80 + b"}",
    ]
    said = accept(b'{"batch":[' + b",".join([good, *bad, good]) + b'],"sentAt":"2026-01-03T10:04:01Z"}')
    assert [type(one) for one in said] == [Event, *[Refusal] * 5, Event]
    assert [one.original for one in said[1:-1]] == bad
    assert [(one.reason, one.item) for one in said[1:-1]] == [
        ("missing_id", 1), ("not_an_object", 2), ("undecodable", 3), ("undecodable", 4),
        ("too_deep", 5),
    ]  # fmt: skip


@pytest.mark.parametrize("key", ["batch", "sentAt"])
def test_where_the_batch_stands_in_its_envelope_does_not_matter(key: str) -> None:
    parts = {"batch": [track(), track()], "sentAt": "2026-01-03T10:04:01Z", "padding": "x" * 50}
    ordered = {key: parts.pop(key), **dict(reversed(parts.items()))}
    first, second = accept(ordered)
    assert first == second == event({**track(), "sentAt": "2026-01-03T10:04:01Z"})


def test_an_empty_batch_is_nothing_and_a_call_may_talk_of_batches() -> None:
    assert accept({"batch": []}) == []
    assert event(track(properties={"batch": [1]})).name == "Product Viewed"
    assert event(track(batch=None)).name == "Product Viewed"
    assert accept(b'{"userId":"batch","x":"\\"batch\\""}')[0].reason == "unknown_type"


def test_a_hopelessly_deep_batch_is_refused_whole() -> None:
    deep = b'{"batch":[{"a":' + b"[" * 300 + b"]" * 300 + b"}]}"
    (refusal,) = accept(deep)
    assert (refusal.reason, refusal.original) == ("too_deep", deep)
