"""What a look at the topics tells of them."""

from concurrent.futures import Future
from typing import Any

import pytest
from confluent_kafka import KafkaError, KafkaException

from pipeline.kafka.admin import _compare, _Seen
from pipeline.kafka.topic_plan import topic_plans
from pipeline.kafka.topic_watch import TopicWatch

NAMES = (
    "clickstream",
    "shopper-events",
    "intake-changelog",
    "shopper-changelog",
    "clickstream-dlq",
    "backfill",
    "segment-changes",
)
PLANS = topic_plans({name: name for name in NAMES}, 4, 1, "broker", ("segment-changes",))


class Topic:
    def __init__(self, topic_id: str = "first", partitions: int = 4) -> None:
        self.topic_id = topic_id
        self.partitions = [None] * partitions


class Admin:
    """Answers as told; all is well with topics of which nothing is."""

    def __init__(self) -> None:
        self.told: dict[str, Topic | int | TimeoutError] = {}

    def describe_topics(self, topics: Any, request_timeout: float) -> dict[str, Future[Any]]:
        return {name: self._answer(self.told.get(name, Topic())) for name in NAMES}

    def _answer(self, told: Any) -> "Future[Any]":
        future: Future[Any] = Future()
        if isinstance(told, Topic):
            future.set_result(told)
        else:
            future.set_exception(KafkaException(KafkaError(told)) if isinstance(told, int) else told)
        return future


@pytest.mark.parametrize(
    ("topic", "told", "sentence"),
    [
        ("shopper-events", KafkaError.UNKNOWN_TOPIC_OR_PART, "Topic shopper-events was deleted under"),
        ("shopper-events", Topic("second"), "Topic shopper-events was deleted and made anew"),
        ("shopper-changelog", Topic(partitions=6), "Topic shopper-changelog has 6 partitions now"),
        ("segment-changes", Topic(partitions=6), ""),
        ("clickstream", KafkaError._ALL_BROKERS_DOWN, ""),
        ("clickstream", KafkaError.TOPIC_AUTHORIZATION_FAILED, ""),
        ("clickstream", TimeoutError(), ""),
    ],
)
def test_what_changed_is_told_and_silence_is_no_change(topic: str, told: Any, sentence: str) -> None:
    admin = Admin()
    watch = TopicWatch({"bootstrap.servers": "127.0.0.1:1", "log_level": 0}, PLANS)
    watch._client = admin  # type: ignore[assignment]
    assert watch.trouble() == ""
    admin.told[topic] = told
    found = watch.trouble()
    assert found.startswith(sentence)
    assert bool(found) == bool(sentence)


def test_a_changelog_that_takes_smaller_records_is_warned_of_and_a_wrong_cleanup_refused() -> None:
    [plan] = [plan for plan in PLANS if plan.logical == "shopper-changelog"]
    finding = _compare(plan, _Seen(4), {**plan.settings, "max.message.bytes": "1048588"}, frozenset())
    assert (finding.mistakes, len(finding.warnings)) == ((), 1)
    assert "max.message.bytes=1048588" in finding.warnings[0]
    finding = _compare(plan, _Seen(4), {**plan.settings, "cleanup.policy": "delete"}, frozenset())
    assert "cleanup.policy=delete, it should be compact" in finding.mistakes[0]
