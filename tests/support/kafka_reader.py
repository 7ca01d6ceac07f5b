"""What a consumer of decisions sees: everything committed, from the beginning to now."""

import json
from collections.abc import Iterable
from typing import Any, NamedTuple

from confluent_kafka import Consumer, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

LOGICAL = (
    "segment-changes",
    "abandonment-triggers",
    "loyalty-tiers",
    "loyalty-points",
    "messages",
    "message-suppressions",
    "message-results",
    "experiment-exposures",
    "consent-changes",
    "identity-changes",
)

# They tell of the delivery, not of the decision (topology.md, "Outputs").
DELIVERY = ("decided_at", "source")


class Seen(NamedTuple):
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]]


def read_committed(brokers: str, topics: Iterable[str]) -> list[Seen]:
    """All records of the topics, of committed transactions only."""
    consumer = Consumer(
        {
            "bootstrap.servers": brokers,
            "group.id": "reader",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "auto.offset.reset": "earliest",
            "log_level": 0,
        }
    )
    try:
        places = [
            TopicPartition(topic, partition, 0)
            for topic in topics
            for partition in consumer.list_topics(topic, timeout=10).topics[topic].partitions
        ]
        consumer.assign(places)
        seen, ended = [], set()
        while len(ended) < len(places):
            for message in consumer.consume(5_000, 0.2):
                at = message.topic(), message.partition()
                if message.error():
                    ended.add(at)
                else:
                    seen.append(Seen(*at, message.offset(), message.key(), message.value(), message.headers() or []))
        return seen
    finally:
        consumer.close()


def decisions(brokers: str) -> list[dict[str, Any]]:
    """All decisions published so far, each with its topic, without what tells of the delivery; in order of id."""
    found = []
    there = AdminClient({"bootstrap.servers": brokers, "log_level": 0}).list_topics(timeout=10).topics
    for seen in read_committed(brokers, [topic for topic in LOGICAL if topic in there]):
        decision = json.loads(seen.value or b"")
        found.append({"topic": seen.topic} | {name: decision[name] for name in decision if name not in DELIVERY})
    return sorted(found, key=lambda decision: str(decision["id"]))


def send(brokers: str, topic: str, records: Iterable[tuple[bytes | None, bytes]]) -> None:
    """Produce (key, value) in order, partitioned as Java clients do."""
    # Idempotent: else a first batch that meets a topic just made comes again behind those that follow it.
    producer = Producer(
        {
            "bootstrap.servers": brokers,
            "partitioner": "murmur2_random",
            "enable.idempotence": True,
            "linger.ms": 5,
            "log_level": 0,
        }
    )
    for key, value in records:
        while True:
            try:
                producer.produce(topic, value, key)
                break
            except BufferError:
                producer.poll(0.1)
    assert producer.flush(30) == 0
