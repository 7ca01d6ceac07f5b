"""`afterclick topics`, and what a worker refuses to start on."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AdminClient,
    AlterConfigOpType,
    ConfigEntry,
    ConfigResource,
    NewTopic,
)

from tests.support.apache_kafka import ApacheKafka, remove_topics
from tests.support.shop_history import write_topology
from tests.support.worker_process import afterclick

pytestmark = pytest.mark.broker

MADE = (
    "clickstream",
    "shopper-events",
    "clickstream-dlq",
    "segment-changes",
    "abandonment-triggers",
    "loyalty-tiers",
    "loyalty-points",
    "journey-changes",
    "trait-changes",
    "consent-changes",
    "redemption-rejected",
    "reward-available",
    "shop.intake-changelog",
    "shop.shopper-changelog",
    "shop.backfill",
)


@pytest.fixture
def admin(kafka: ApacheKafka) -> Iterator[AdminClient]:
    client = AdminClient({"bootstrap.servers": kafka.brokers, "log_level": 0})
    yield client
    remove_topics(client)


@pytest.fixture
def arguments(kafka: ApacheKafka, tmp_path: Path) -> list[str]:
    topology = write_topology(tmp_path / "topology.yaml", received="broker", tick="500ms")
    return ["--topology", str(topology), "--brokers", kafka.brokers]


def setting(admin: AdminClient, topic: str, name: str) -> str:
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic)
    return str(admin.describe_configs([resource])[resource].result(10)[name].value)


def test_missing_topics_are_told_then_made_then_right(admin: AdminClient, arguments: list[str]) -> None:
    missing = afterclick("topics", *arguments, "--check")
    assert missing.returncode == 1
    assert "Topic clickstream is missing: run `afterclick topics`." in missing.stderr
    assert "shop.shopper-changelog" in missing.stderr

    made = afterclick("topics", *arguments)
    assert made.returncode == 0, made.stderr
    assert made.stdout.count("created") == len(MADE)
    topics = admin.list_topics(timeout=10).topics
    assert {name: len(topics[name].partitions) for name in MADE} == dict.fromkeys(MADE, 4)
    assert setting(admin, "shop.shopper-changelog", "cleanup.policy") == "compact"
    assert setting(admin, "clickstream", "message.timestamp.type") == "LogAppendTime"
    assert setting(admin, "segment-changes", "cleanup.policy") == "delete"

    right = afterclick("topics", *arguments, "--check")
    assert right.returncode == 0, right.stderr
    assert right.stdout.count(" ok") == len(MADE)


def test_settings_that_results_rest_on_are_mended(admin: AdminClient, arguments: list[str]) -> None:
    afterclick("topics", *arguments)
    for topic, name, value in (
        ("shop.intake-changelog", "cleanup.policy", "delete"),
        ("clickstream", "message.timestamp.type", "CreateTime"),
    ):
        entry = ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET)
        resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
        admin.incremental_alter_configs([resource])[resource].result(10)

    refused = afterclick("worker", *arguments, "--http", "off")
    assert refused.returncode == 1
    assert "topic shop.intake-changelog has cleanup.policy=delete, it should be compact" in refused.stderr
    assert "topic clickstream has message.timestamp.type=CreateTime" in refused.stderr

    mended = afterclick("topics", *arguments)
    assert mended.returncode == 0, mended.stderr
    assert setting(admin, "shop.intake-changelog", "cleanup.policy") == "compact"
    assert setting(admin, "clickstream", "message.timestamp.type") == "LogAppendTime"


def test_another_number_of_partitions_is_never_changed_and_stops_a_worker(
    admin: AdminClient, arguments: list[str]
) -> None:
    admin.create_topics([NewTopic("clickstream", 3, 1), NewTopic("segment-changes", 1, 1)])["clickstream"].result(10)
    told = afterclick("topics", *arguments)
    assert told.returncode == 1
    assert "Topic clickstream has 3 partitions, topology.yaml says 4: set kafka.partitions to 3" in told.stderr
    assert "Warning: topic segment-changes has 1 partitions" in told.stderr
    assert len(admin.list_topics(timeout=10).topics["clickstream"].partitions) == 3

    refused = afterclick("worker", *arguments, "--http", "off")
    assert refused.returncode == 1
    assert "Not started: topic clickstream has 3 partitions" in refused.stderr


def test_a_worker_names_what_is_missing(admin: AdminClient, arguments: list[str]) -> None:
    refused = afterclick("worker", *arguments, "--http", "off")
    assert refused.returncode == 1
    assert "topic clickstream is missing: run `afterclick topics`" in refused.stderr
    assert "Traceback" not in refused.stderr
