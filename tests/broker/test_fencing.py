"""A partition has one owner, whoever was last to say so; only a real broker enforces it."""

import time
from collections.abc import Iterator
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewTopic  # type: ignore[attr-defined]

from pipeline.kafka.clock import BrokersClock
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.runtime.checkpoint import changelog
from pipeline.runtime.ports import Checkpoint, Fenced, Output
from tests.support.apache_kafka import ApacheKafka
from tests.support.kafka_reader import read_committed

pytestmark = pytest.mark.broker


@pytest.fixture
def properties(kafka: ApacheKafka) -> Iterator[dict[str, Any]]:
    found = {"bootstrap.servers": kafka.brokers, "log_level": 0}
    admin = AdminClient(found)
    stamped = {"message.timestamp.type": "LogAppendTime"}
    for made in admin.create_topics([NewTopic("out", 1, 1), NewTopic("changes", 1, 1, config=stamped)]).values():
        made.result(10)
    yield found
    for deleted in admin.delete_topics(["out", "changes"], operation_timeout=15).values():
        deleted.result(15)


def owner(properties: dict[str, Any], clock: BrokersClock | None = None) -> TransactionalOutbox:
    opened = TransactionalOutbox(
        properties, "shop.shopper.0", {"out": "out", "changelog": "changes"}, 0, clock or BrokersClock()
    )
    opened.fence(30)
    return opened


def write(outbox: TransactionalOutbox, value: bytes) -> None:
    outbox.begin()
    outbox.produce([Output("out", b"key", value), *changelog(0, (), Checkpoint(next_offset=1))])
    outbox.commit()


def test_a_zombie_can_commit_nothing_any_more(kafka: ApacheKafka, properties: dict[str, Any]) -> None:
    # given an owner in the middle of a transaction
    zombie = owner(properties)
    write(zombie, b"before")
    zombie.begin()
    zombie.produce([Output("out", b"key", b"never")])
    # when another one takes the partition
    heir = owner(properties)
    # then the zombie's transaction is nobody's
    with pytest.raises(Fenced):
        zombie.commit()
    with pytest.raises(Fenced):
        write(zombie, b"never either")
    write(heir, b"after")
    assert [seen.value for seen in read_committed(kafka.brokers, ["out"])] == [b"before", b"after"]
    zombie.close()
    heir.close()


def test_a_delivery_tells_what_time_the_brokers_have(properties: dict[str, Any]) -> None:
    clock = BrokersClock()
    outbox = owner(properties, clock)
    assert clock.at(time.monotonic()) == 0
    write(outbox, b"now")
    assert abs(clock.at(time.monotonic()) - time.time() * 1000) < 5_000
    outbox.close()
