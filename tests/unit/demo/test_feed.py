import pytest

from pipeline.demo.feed import headline
from schemas.rendering import render
from tests.unit.schemas.sample import FIELDS, decision


@pytest.mark.parametrize("topic", sorted(FIELDS))
def test_a_decision_of_any_topic_is_a_headline(topic: str) -> None:
    shown = headline(topic, render(decision(topic), None, trace=False), {"cart": "cart"})
    assert shown.sort.startswith(topic)
    assert shown.text.startswith("jürgen ")
    assert "was decided about" not in shown.text
