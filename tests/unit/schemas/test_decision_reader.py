"""Decisions read back from their topics."""

import pytest

from schemas.avro import CONFLUENT
from schemas.codec import DecisionCodec, Format
from schemas.decision_reader import decision_reader
from tests.unit.schemas.sample import FIELDS, SOURCE, decision


@pytest.mark.parametrize("topic", sorted(FIELDS))
def test_a_decision_reads_the_same_from_both_formats(topic: str) -> None:
    made = decision(topic)

    def read(form: Format) -> dict[str, object]:
        return decision_reader(topic, form)(DecisionCodec(form, "demo-shop").value(made, SOURCE))

    assert read("avro") == read("json")
    assert read("json")["effective_at"] == "2026-01-03T12:00:00.000Z"


@pytest.mark.parametrize("topic", sorted(FIELDS))
def test_a_decision_whose_schema_is_in_a_registry_reads_the_same(topic: str) -> None:
    made = decision(topic)
    registered = DecisionCodec("avro", "demo-shop", registry="mock://").value(made, SOURCE)
    assert registered.startswith(CONFLUENT)
    assert decision_reader(topic, "avro")(registered) == decision_reader(topic, "json")(
        DecisionCodec("json", "demo-shop").value(made, SOURCE)
    )
