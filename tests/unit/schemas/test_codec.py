"""Values and headers as real consumers read them: fastavro, the registry's client, CloudEvents."""

import json
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

import fastavro
import jsonschema
import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_binary
from cloudevents.core.formats.json import JSONFormat

from pipeline.domain.decision import DECISION_TOPICS, INSTANT_FIELDS
from schemas.avro import single_object_prefix
from schemas.codec import DecisionCodec
from schemas.contract import COMMON_FIELDS, HERE, ContractError, contract
from schemas.rendering import encode_json, json_writer, render
from tests.unit.schemas.sample import FIELDS, SOURCE, decision


def schema_of(topic: str) -> Any:
    return fastavro.parse_schema(json.loads((HERE / f"{topic}.avsc").read_text(encoding="utf-8")))


def instant(value: Any) -> Any:
    """Avro's timestamps as the JSON form writes them."""
    if isinstance(value, dict):
        return {name: instant(field) for name, field in value.items()}
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return value


def test_a_decision_as_json_is_these_bytes() -> None:
    body = render(decision("segment-changes"), SOURCE, trace=False)
    assert encode_json(body).decode() == (
        '{"cause":{"kind":"event","message_id":"m-1"},"change":"entered","definition":"d3f",'
        '"effective_at":"2026-01-03T12:00:00.000Z","id":"00000000000000000000000000000001","segment":"engaged",'
        '"sequence":1,"shopper":"jürgen","silent":false}'
    )


def test_a_trace_tells_of_the_delivery() -> None:
    body = render(decision("segment-changes"), SOURCE, trace=True)
    assert body["source"] == SOURCE
    assert body["decided_at"] == "2026-01-03T12:00:00.007Z"


def test_fields_left_out_are_there_as_null() -> None:
    body = render(decision("abandonment-triggers"), None, trace=True)
    assert body["order_id"] is None
    assert body["reason"] is None
    assert body["retracts"] == []
    assert body["source"] is None
    assert set(body) == {*COMMON_FIELDS, *contract("abandonment-triggers").own}


def test_rendering_leaves_the_decision_as_it_is() -> None:
    given = decision("abandonment-triggers")
    render(given, None, trace=False)
    assert given.fields == FIELDS["abandonment-triggers"]


ODD_FIELDS: dict[str, list[dict[str, Any]]] = {
    "segment-changes": [{"segment": 'qu"ote\\ é \u2028'}, {"sequence": 2**62}],
    "abandonment-triggers": [
        {"abandoned_since": -1, "subject": "\x00"},
        {
            "retracts": ["b", "a"],
            "order_id": "o",
            "cart": {"total": "1", "items": [{"z": 1, "a": {"y": None, "b": []}}]},
        },
    ],
    "loyalty-tiers": [{"value": {"b": 1, "a": 2}, "threshold": {"b": 1, "a": 2}}, {"valid_until": 1_767_434_400_123}],
    "loyalty-points": [{"expires_at": 1_767_434_400_123}, {"points": -7}],
    "redemption-rejected": [{"points": None, "reward": None}, {"reason": "tier"}],
    "reward-available": [{"balance": 2**62}],
    "erasures": [{"requested_at": None, "reason": None}, {"reason": 'ü\n"', "change": "expired"}],
    "identity-changes": [{"change": "refused", "former": None, "reason": "limit", "merge_id": None}],
    "messages": [
        {"variant": None, "expires_at": None},
        {"payload": {"tier": None, "abandonment": {"abandoned_since": -1, "cart": None}, "points": {"expires_at": 5}}},
        {"payload": {"event": {"properties": 'qu"ote\\ é \u2028', "name": "\x00"}, "points": {"expires_at": None}}},
    ],
    "message-results": [
        {"variant": None, "result": "opened", "order_id": None, "revenue": None, "time_to_order": None},
        {"order_id": 'qu"ote\\ é \u2028', "revenue": {"currency": "EUR", "amount": -7}, "last_touch": False},
    ],
    "experiment-exposures": [
        {"holdout": True, "variant": None, "layer": "l"},
        {"change": "converted", "trigger": None, "exposure": "0" * 32, "order_id": "o", "time_to_order": 2**62},
    ],
    "message-suppressions": [{"until": None}, {"trigger": 'qu"ote\\ é \u2028'}],
    "journey-changes": [{"from": None}, {"to": None}, {"from": 'qu"ote\\ é \u2028', "to": "\x00"}, {"sequence": 2**62}],
    "consent-changes": [
        {"channel": None, "purpose": None, "address": "0" * 64, "reason": "category"},
        {"before": "granted", "after": "reduced", "said_at": 1_767_434_400_123},
    ],
    "trait-changes": [
        {"before": None, "after": {"currency": "EUR", "amount": -7}},
        {"before": True, "after": False},
        {"before": 0, "after": -(2**62)},
        {"before": 0.1, "after": 1e300},
        {"before": "", "after": 'qu"ote\\ é \u2028'},
        {"before": "x", "after": None},
    ],
}


@pytest.mark.parametrize("source", [SOURCE, None, dict(reversed(SOURCE.items()))])
@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_the_quick_writer_writes_the_bytes_of_the_plain_one(topic: str, source: dict[str, Any] | None) -> None:
    write = json_writer(topic)
    for fields in [{}, *ODD_FIELDS[topic]]:
        for own in (fields, dict(reversed(fields.items()))):
            given = decision(topic, **own)
            given.shopper, given.message_id = 'a"ü\n', None if own else "m"
            before = dict(given.fields)
            assert write(given, source) == encode_json(render(given, source, trace=True))
            assert given.fields == before


@pytest.mark.parametrize("fields", [{"colour": "red"}, {"segment": "x", "colour": "red"}])
def test_a_field_that_the_contract_does_not_know_is_refused(fields: dict[str, Any]) -> None:
    with pytest.raises(ContractError, match="unknown fields \\['colour'\\]"):
        render(decision("segment-changes", **fields), None, trace=False)
    with pytest.raises(ContractError, match="unknown fields \\['colour'\\]"):
        json_writer("segment-changes")(decision("segment-changes", **fields), None)


def test_a_missing_field_is_refused() -> None:
    given = decision("segment-changes")
    del given.fields["segment"]
    with pytest.raises(ContractError, match="missing fields \\['segment'\\]"):
        render(given, None, trace=False)
    # A field too many in place of it is none the better.
    given.fields["id"] = "x"
    with pytest.raises(ContractError, match="missing fields \\['segment'\\], unknown fields \\['id'\\]"):
        json_writer("segment-changes")(given, None)


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_common_fields_and_instants_are_those_of_the_design(topic: str) -> None:
    names = [field["name"] for field in contract(topic).schema["fields"]]
    assert tuple(names[: len(COMMON_FIELDS)]) == COMMON_FIELDS
    assert set(contract(topic).instants) <= INSTANT_FIELDS
    assert set(FIELDS[topic]) <= set(contract(topic).own)


@pytest.mark.parametrize("topic", DECISION_TOPICS)
@pytest.mark.parametrize("trace", [True, False])
def test_json_values_pass_their_json_schema(topic: str, trace: bool) -> None:
    schema = json.loads((HERE / f"{topic}.schema.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    body = json.loads(encode_json(render(decision(topic), SOURCE, trace=trace)))
    jsonschema.validate(body, schema)


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_avro_without_a_registry_is_single_object_encoding_and_says_the_same_as_json(topic: str) -> None:
    value, _ = DecisionCodec("avro", "shop").encode(decision(topic), SOURCE)
    assert value[:10] == single_object_prefix(contract(topic).schema)
    read = fastavro.schemaless_reader(BytesIO(value[10:]), schema_of(topic), None)
    json_body = render(decision(topic), SOURCE, trace=True)
    assert {name: instant(field) for name, field in read.items()} == json_body


def test_the_fingerprint_is_the_one_of_the_avro_specification() -> None:
    # Avro 1.11, schema fingerprints: "null" is 0x63dd24e7cc258f8a, little-endian in the message.
    assert single_object_prefix("null").hex() == "c301" + "8a8f25cce724dd63"  # type: ignore[arg-type]


def test_a_value_that_does_not_fit_is_refused_without_telling_it() -> None:
    with pytest.raises(ContractError) as told:
        DecisionCodec("avro", "shop").encode(decision("segment-changes", segment=["secret"]), None)
    assert "secret" not in str(told.value)


@pytest.mark.parametrize("format", ["json", "avro"])
def test_headers_are_read_by_a_cloudevents_client(format: Any) -> None:
    codec = DecisionCodec(format, "demo-shop")
    value, headers = codec.encode(decision("segment-changes"), SOURCE)
    event = from_binary(KafkaMessage(headers=dict(headers), key="jürgen".encode(), value=value), JSONFormat())
    assert event.get_id() == "0" * 31 + "1"
    assert event.get_type() == "afterclick.segment.entered"
    assert event.get_source() == "/afterclick/demo-shop"
    assert event.get_subject() == "jürgen"
    assert event.get_time() == datetime(2026, 1, 3, 12, tzinfo=UTC)
    assert event.get_datacontenttype() == f"application/{format}"
    if format == "json":
        assert event.get_data()["segment"] == "engaged"
