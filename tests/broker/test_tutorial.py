"""docs/tutorial.md, followed to its end on a real Apache Kafka, its topics made as it says."""

from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.apache_kafka import ApacheKafka, remove_topics
from tests.support.tutorial import assert_told, follow

pytestmark = pytest.mark.broker


def test_who_follows_it_is_told_to_write_to_kim(kafka: ApacheKafka, tmp_path: Path) -> None:
    try:
        told = follow(tmp_path, kafka.brokers, embedded=False)
        assert_told(told, tmp_path, kafka.brokers)
    finally:
        remove_topics(AdminClient({"bootstrap.servers": kafka.brokers, "log_level": 0}))
