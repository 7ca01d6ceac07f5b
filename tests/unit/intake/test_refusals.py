"""What is refused, and with which word."""

from typing import Any

import pytest

from pipeline.domain.intake.refusal import Refusal
from tests.support.client_call import accept, event, reason, track


def nested(levels: int) -> bytes:
    """A track call nested `levels` deep, the call itself and its properties counted."""
    inner = b"[" * (levels - 2) + b"]" * (levels - 2)
    return b'{"type":"track","event":"X","userId":"u","properties":{"deep":' + inner + b"}}"


@pytest.mark.parametrize(
    "value",
    [b"", b"{", b"nonsense", b'{"type":"track"', b'{"a":NaN}', b'{"a":Infinity}', b'{"a":-Infinity}', b'{"a":1e999}',
     b'{"type":"track","event":"\xff","userId":"u"}', b'{"x":"\xff"}', b'{"a":"\\ud800"}', b"\xef\xbb\xbf{}", b"{} {}",
     b'{"a":' + b"1" * 5000 + b"}"],
)  # fmt: skip
def test_what_is_no_json_of_ours_is_undecodable(value: bytes) -> None:
    assert reason(value) == "undecodable"


def test_a_missing_value_is_undecodable() -> None:
    assert reason(None) == "undecodable"


@pytest.mark.parametrize("value", [b"[]", b"1", b'"text"', b"null", b"true", b'[{"type":"track"}]', b'{"batch":{}}'])
def test_what_is_no_object_is_told(value: bytes) -> None:
    assert reason(value) == "not_an_object"


@pytest.mark.parametrize("type_", [..., None, "Track", "delete", "", 1, ["track"], {"a": 1}])
def test_unknown_types(type_: Any) -> None:
    assert reason(track(type=type_)) == "unknown_type"


@pytest.mark.parametrize("event_", [..., None, "", "  ", 7, ["Product Viewed"]])
def test_a_track_call_needs_the_name_of_an_event(event_: Any) -> None:
    assert reason(track(event=event_)) == "missing_event"


@pytest.mark.parametrize("ids", [{}, {"userId": None}, {"userId": ""}, {"userId": " ", "anonymousId": "\t"}])
def test_missing_ids(ids: dict[str, Any]) -> None:
    assert reason(track(**{"userId": ..., **ids})) == "missing_id"


@pytest.mark.parametrize("id_", [True, 1.5, [], {}, "a\x00b", "a\nb", "a\x9fb", "x" * 513, "ü" * 257])
@pytest.mark.parametrize("field", ["userId", "messageId"])
def test_invalid_ids(field: str, id_: Any) -> None:
    assert reason(track(**{field: id_})) == "invalid_id"


@pytest.mark.parametrize("id_", ["x" * 512, "ü" * 256, "日本", "u 1", "#$%", "a\u00a0b"])
def test_odd_but_valid_ids_stay_as_sent(id_: str) -> None:
    assert event(track(userId=id_)).shopper == id_


@pytest.mark.parametrize("properties", ["x", 1, [], [1], True, False, ""])
def test_properties_must_be_an_object(properties: Any) -> None:
    assert reason(track(properties=properties)) == "invalid_properties"
    assert reason(track(type="page", properties=properties)) == "invalid_properties"


@pytest.mark.parametrize("traits", ["x", 1, [], True])
def test_traits_of_identify_must_be_an_object(traits: Any) -> None:
    assert reason(track(type="identify", traits=traits)) == "invalid_traits"
    assert reason(track(type="identify", context={"traits": traits})) == "invalid_traits"


def test_what_a_call_has_no_use_for_is_not_looked_at() -> None:
    assert event(track(traits=7, context="x", integrations=3, anonymousId=[])).name == "Product Viewed"
    assert event(track(type="identify", properties=7, event=9)).type == "identify"


@pytest.mark.parametrize(
    "levels, said", [(3, None), (64, None), (65, "too_deep"), (500, "too_deep"), (90_000, "too_deep")]
)
def test_depth(levels: int, said: str | None) -> None:
    (one,) = accept(nested(levels))
    assert (one.reason if isinstance(one, Refusal) else None) == said


def test_many_brackets_are_not_deep() -> None:
    assert (
        event(track(properties={"list": [{} for _ in range(200)], "text": "[" * 200 + '"\\'})).name == "Product Viewed"
    )


def test_oversize_is_more_than_a_mebibyte() -> None:
    filler = "x" * (1024 * 1024)
    assert reason(track(properties={"x": filler})) == "oversize"
    assert event(track(properties={"x": filler[:-1000]})).type == "track"


def test_a_refusal_has_the_original_bytes_and_quotes_nothing_personal() -> None:
    value = b'{"type":"track","event":"X","userId":"secret\\u0000id"}'
    (refusal,) = accept(value)
    assert refusal.original == value
    assert "secret" not in refusal.detail
    assert refusal.item is None


def test_numbers_beyond_64_bits_become_floats_since_records_cannot_keep_them() -> None:
    said = event(track(properties={"a": [10**30], "b": {"c": -(2**63)}, "d": 2**64 - 1}))
    assert bytes(said.properties) == b'{"a":[1e30],"b":{"c":-9223372036854775808},"d":18446744073709551615}'
    assert reason(track(properties={"a": 10**400})) == "undecodable"
