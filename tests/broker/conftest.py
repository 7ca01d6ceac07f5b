"""A real Apache Kafka for the session, and a clean set of topics for each test."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
from confluent_kafka.admin import AdminClient

from tests.support.apache_kafka import RUNNING, ApacheKafka, RunningKafka, remove_topics, require_java
from tests.support.live_run import LiveRun
from tests.support.worker_process import afterclick


@pytest.fixture(scope="session")
def kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ApacheKafka]:
    if address := os.environ.get(RUNNING):
        # Started by whoever started us: tests/mutation.
        yield cast("ApacheKafka", RunningKafka(address))
        return
    require_java()
    broker = ApacheKafka(tmp_path_factory.mktemp("kafka"))
    yield broker
    broker.stop()


@pytest.fixture
def messaging() -> str:
    """The block of that name; a class of tests may have one."""
    return ""


@pytest.fixture
def live(kafka: ApacheKafka, tmp_path: Path, messaging: str) -> Iterator[LiveRun]:
    """Topics made by `afterclick topics`; all gone again afterwards."""
    run = LiveRun(tmp_path, kafka.brokers, messaging=messaging)
    made = afterclick("topics", "--topology", run.topology, "--brokers", kafka.brokers)
    assert made.returncode == 0, made.stderr
    yield run
    run.end()
    admin = AdminClient({"bootstrap.servers": kafka.brokers, "log_level": 0})
    remove_topics(admin)
    groups = [group.group_id for group in admin.list_consumer_groups().result(10).valid]
    for deleted in admin.delete_consumer_groups(groups).values() if groups else ():
        deleted.exception(15)
