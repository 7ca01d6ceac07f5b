"""The AsyncAPI document of a topology: what its channels are, and that its examples fit its schemas."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from pipeline.asyncapi.document import document
from pipeline.asyncapi.example import example
from pipeline.config.topology import load, parse
from pipeline.domain.decision import DECISION_TOPICS
from schemas.json_schema import json_schema

EVERY_KIND = Path(__file__).parents[1] / "config" / "every_kind.yaml"
TOPOLOGY = """
version: 1
name: shop
kafka: {partitions: 4, replication: 1}
topics: {segment-changes: shop.memberships}
retention: {decisions: 2d}
segments: {fans: {when: {orders: {at_least: 1}}}}
"""


def every_kind() -> dict[str, Any]:
    return document(load(EVERY_KIND, {}))


def test_channels_are_the_public_topics_by_the_names_that_the_shop_gave_them() -> None:
    made = document(parse(TOPOLOGY, {}))
    assert set(made["channels"]) == {
        "clickstream", "clickstream-dlq", "segment-changes", "abandonment-triggers", "loyalty-tiers", "loyalty-points",
        "journey-changes", "trait-changes", "consent-changes",
    }  # fmt: skip
    channel = made["channels"]["segment-changes"]
    assert channel["address"] == "shop.memberships"
    assert channel["bindings"]["kafka"] == {
        "topic": "shop.memberships",
        "partitions": 4,
        "replicas": 1,
        "topicConfiguration": {"cleanup.policy": ["delete"], "retention.ms": 2 * 86_400_000},
        "bindingVersion": "0.5.0",
    }
    assert made["operations"]["receive-clickstream"]["action"] == "receive"
    assert made["operations"]["send-segment-changes"]["action"] == "send"
    assert "servers" not in made


def test_internal_topics_are_no_contract() -> None:
    told = json.dumps(every_kind())
    for internal in ("shopper-events", "changelog", "backfill"):
        assert f"#/channels/{internal}" not in told


def test_brokers_are_servers_when_they_are_named() -> None:
    made = document(parse(TOPOLOGY, {}), "a:9092,b:9092")
    assert made["servers"] == {
        "broker-1": {"host": "a:9092", "protocol": "kafka"},
        "broker-2": {"host": "b:9092", "protocol": "kafka"},
    }


def test_every_reference_leads_somewhere() -> None:
    made = every_kind()

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [one for each in value.values() for one in references(each)]
        return [one for each in value for one in references(each)] if isinstance(value, list) else []

    found = references(made)
    assert len(found) > 50
    for reference in found:
        place: Any = made
        for step in reference.removeprefix("#/").split("/"):
            place = place[step]


def test_the_examples_fit_the_schemas_and_name_the_shops_own_rules() -> None:
    made, checked = every_kind(), 0
    for topic, message in made["components"]["messages"].items():
        for shown in message.get("examples", ()):
            schema = {**message["payload"], "components": made["components"]}
            jsonschema.validate(shown["payload"], schema, jsonschema.Draft7Validator)
            del shown["payload"]["shopper"]
            with pytest.raises(jsonschema.ValidationError):
                jsonschema.validate(shown["payload"], schema, jsonschema.Draft7Validator)
            checked += 1
            assert topic in DECISION_TOPICS
    topology = load(EVERY_KIND, {})
    assert checked == len(set(DECISION_TOPICS) & set(topology.used_topics())) > 10
    segments = topology.segments
    assert made["components"]["messages"]["segment-changes"]["examples"][0]["payload"]["segment"] in segments


@pytest.mark.parametrize("topic", DECISION_TOPICS)
def test_an_example_fits_the_schema_as_it_is_released(topic: str) -> None:
    jsonschema.validate(example(topic, {}), json_schema(topic), jsonschema.Draft202012Validator)


def test_avro_is_told_as_avro() -> None:
    made = document(parse(TOPOLOGY.replace("replication: 1", "replication: 1, format: avro"), {}))
    message = made["components"]["messages"]["segment-changes"]
    assert message["contentType"] == "application/avro"
    assert message["payload"]["schemaFormat"].startswith("application/vnd.apache.avro")
    assert message["payload"]["schema"]["name"] == "SegmentChange"
