"""Asking for an erasure on the clickstream, and its receipt."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from confluent_kafka import KafkaError, KafkaException, Producer, TopicPartition

from pipeline.kafka.outbox import PARTITION_UA
from pipeline.kafka.restore import RestoreError, changelog_reader
from pipeline.kafka.topic_scan import rows_of
from pipeline.kafka.unavailability import is_away

_ANSWER = 10.0
_SEND = 15.0
_POLL = 0.2


class Receipt(msgspec.Struct, frozen=True):
    """line: the decision, as JSON-like values. at: timestamp of its record, ms."""

    line: dict[str, Any]
    at: int


class SendError(Exception):
    """The request is not on the log."""


def send_request(properties: Mapping[str, Any], topic: str, key: bytes, value: bytes) -> tuple[int, int]:
    """Put a call on the clickstream, on all replicas; partition and offset where it is. Raises SendError."""
    told: list[tuple[int, int] | str] = []

    def delivered(error: KafkaError | None, message: Any) -> None:
        told.append(error.str() if error is not None else (message.partition(), message.offset()))

    producer = Producer({"acks": "all", "enable.idempotence": True, "partitioner": "murmur2_random", **properties})
    try:
        producer.produce(topic, value, key, PARTITION_UA, on_delivery=delivered)
        producer.flush(_SEND)
    except KafkaException as error:
        raise SendError(error.args[0].str()) from error
    if not told or isinstance(told[0], str):
        raise SendError(str(told[0]) if told else f"{topic} did not take it within {_SEND:.0f} s")
    return told[0]


def receipts_of(
    properties: Mapping[str, Any], topic: str, partition: int, key: bytes, read: Callable[[bytes], dict[str, Any]]
) -> list[Receipt]:
    """All receipts that are kept of a digest, in order. Raises RestoreError."""
    return [
        Receipt(read(record.value or b""), record.timestamp)
        for _, record in rows_of(properties, topic, (partition,))
        if record.key == key
    ]


def await_receipt(
    properties: Mapping[str, Any],
    topic: str,
    place: TopicPartition,
    matches: Callable[[bytes | None, bytes], dict[str, Any] | None],
    patience: float,
    waiting: Callable[[float], None] = lambda seconds: None,
) -> dict[str, Any] | None:
    """The first receipt behind `place` that matches; None if there is none within `patience` seconds. waiting: called
    now and then with the seconds that have passed. matches: by key and value. Raises RestoreError."""
    consumer = changelog_reader(properties)
    begun = time.monotonic()
    try:
        consumer.assign([place])
        while (passed := time.monotonic() - begun) < patience:
            waiting(passed)
            for message in consumer.consume(500, _POLL):
                problem = message.error()
                if problem is not None:
                    if problem.code() != KafkaError._PARTITION_EOF and not is_away(problem):
                        raise KafkaException(problem)
                elif (found := matches(message.key(), message.value() or b"")) is not None:
                    return found
        return None
    except KafkaException as error:
        raise RestoreError(f"{topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def end_of(properties: Mapping[str, Any], topic: str, partition: int) -> TopicPartition:
    """Where the next record of a partition will be, or behind it. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        _, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
        return TopicPartition(topic, partition, end)
    except KafkaException as error:
        raise RestoreError(f"{topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()
