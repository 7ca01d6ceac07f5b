"""What is counted of decisions beside their topic."""

from typing import Any

import pytest

from pipeline.domain.decision import Decision
from pipeline.observability.metric_table import DEFINITIONS
from pipeline.observability.partition_watch import _OF_KIND
from pipeline.runtime.decision_kind import KINDS, kind_of, labels_of
from pipeline.runtime.fold import Counts
from schemas.contract import contract
from tests.unit.schemas.sample import decision


def with_fields(topic: str, **fields: Any) -> Decision:
    one = decision(topic)
    one.fields.update(fields)
    return one


@pytest.mark.parametrize("topic", KINDS)
def test_each_kind_has_a_metric_with_as_many_labels_and_fields_of_the_contract(topic: str) -> None:
    (metric,) = [one for one in DEFINITIONS if one.name == _OF_KIND[topic]]
    assert len(metric.labels) == len(KINDS[topic])
    assert contract(topic).names >= set(KINDS[topic])


def test_kinds_are_told_by_names_of_the_topology_never_by_shopper() -> None:
    counts = Counts()
    for one in (
        with_fields("message-suppressions", message="m", reason="cap", until=None),
        with_fields("message-suppressions", message="m", reason="cap", until=5),
        with_fields("message-suppressions", message="m", reason="cap", until=6),
        with_fields("experiment-exposures", experiment="m", variant=None, holdout=True, change="exposed"),
        with_fields("abandonment-triggers", kind="cart", stage=2, change="recovered"),
        with_fields("segment-changes", segment="engaged", change="entered"),
        with_fields("trait-changes"),
    ):
        counts.count(one)
    assert counts.decisions == {
        "message-suppressions": 3,
        "experiment-exposures": 1,
        "abandonment-triggers": 1,
        "segment-changes": 1,
        "trait-changes": 1,
    }
    assert [(kind[0], *labels_of(kind), number) for kind, number in counts.kinds.items()] == [
        ("message-suppressions", "m", "cap", "ended", 1),
        ("message-suppressions", "m", "cap", "deferred", 1),
        ("message-suppressions", "m", "cap", "deferred", 1),
        ("experiment-exposures", "m", "", "true", "exposed", 1),
        ("abandonment-triggers", "cart", "2", "recovered", 1),
        ("segment-changes", "engaged", "entered", 1),
    ]


@pytest.mark.parametrize("topic", KINDS)
def test_a_field_that_is_not_there_is_a_label_without_value(topic: str) -> None:
    one = decision(topic)
    one.fields.clear()
    kind = kind_of(one)
    assert kind is not None
    assert len(labels_of(kind)) == len(KINDS[topic])


def test_other_topics_are_counted_as_such_alone() -> None:
    assert kind_of(with_fields("trait-changes")) is None
