import pytest

from pipeline.demo.feed import decision_reader, headline
from schemas.codec import DecisionCodec, Format
from schemas.rendering import render
from tests.unit.schemas.sample import FIELDS, SOURCE, decision


@pytest.mark.parametrize("topic", sorted(FIELDS))
def test_a_decision_reads_the_same_from_both_formats(topic: str) -> None:
    made = decision(topic)

    def read(form: Format) -> dict[str, object]:
        return decision_reader(topic, form)(DecisionCodec(form, "demo-shop").value(made, SOURCE))

    assert read("avro") == read("json")
    assert read("json")["effective_at"] == "2026-01-03T12:00:00.000Z"


@pytest.mark.parametrize("topic", sorted(FIELDS))
def test_a_decision_of_any_topic_is_a_headline(topic: str) -> None:
    shown = headline(topic, render(decision(topic), None, trace=False), {"cart": "cart"})
    assert shown.sort.startswith(topic)
    assert shown.text.startswith("jürgen ")
    assert "was decided about" not in shown.text
