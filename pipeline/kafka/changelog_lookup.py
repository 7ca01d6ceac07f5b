"""The latest record of one key in a changelog: read from the end backwards, so that who was seen lately is found soon.

Each record is read at most once, and none that comes after the search has begun.
"""

import time
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec
from aiokafka.partitioner import murmur2
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.kafka.restore import RestoreError, changelog_reader
from pipeline.runtime.checkpoint import CHECKPOINT_KEY, decode_checkpoint
from pipeline.runtime.ports import Checkpoint

# Offsets of the first stretch; each further one is twice as long, as far as it goes.
_STRETCH, _LONGEST = 20_000, 500_000
_BATCH = 10_000
_POLL = 0.2
_ANSWER = 10.0
_SILENCE = 30.0


class Latest(msgspec.Struct, frozen=True):
    """value: None if the partition has no record of the key, or the latest deletes it. checkpoint: the latest."""

    partition: int
    value: bytes | None
    checkpoint: Checkpoint | None


def partition_of(key: bytes, partitions: int) -> int:
    """The partition that a producer with Kafka's default partitioner puts the key in."""
    return int(murmur2(key) & 0x7FFFFFFF) % partitions


def latest_record(properties: Mapping[str, Any], topic: str, partition: int, key: bytes) -> Latest:
    """Committed records only. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
        checkpoint: Checkpoint | None = None
        for start, stop in _stretches(first, end):
            found: Message | None = None
            for message in read_to(consumer, TopicPartition(topic, partition, start), stop):
                if message.key() == key:
                    found = message
                elif message.key() == CHECKPOINT_KEY and message.value() is not None and stop == end:
                    checkpoint = decode_checkpoint(message.value() or b"")
            if found is not None:
                return Latest(partition, found.value(), checkpoint)
        return Latest(partition, None, checkpoint)
    except KafkaException as error:
        raise RestoreError(f"{topic}[{partition}]: {error.args[0].str()}") from error
    finally:
        consumer.close()


def latest_records(
    properties: Mapping[str, Any], topic: str, partition: int
) -> tuple[dict[bytes, bytes], Checkpoint | None]:
    """The latest value of every key of a partition, and its latest checkpoint. Raises RestoreError."""
    consumer = changelog_reader(properties)
    found: dict[bytes, bytes] = {}
    checkpoint: Checkpoint | None = None
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
        for message in read_to(consumer, TopicPartition(topic, partition, first), end) if end > first else ():
            key, value = message.key() or b"", message.value()
            if key == CHECKPOINT_KEY and value is not None:
                checkpoint = decode_checkpoint(value)
            elif value is None:
                found.pop(key, None)
            else:
                found[key] = value
        return found, checkpoint
    except KafkaException as error:
        raise RestoreError(f"{topic}[{partition}]: {error.args[0].str()}") from error
    finally:
        consumer.close()


def values_of(properties: Mapping[str, Any], topic: str, partition: int, key: bytes | None) -> list[bytes]:
    """Every value of the key, None = of all, that a partition of a topic still has, in order. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
        messages = read_to(consumer, TopicPartition(topic, partition, first), end) if end > first else ()
        return [message.value() or b"" for message in messages if key is None or message.key() == key]
    except KafkaException as error:
        raise RestoreError(f"{topic}[{partition}]: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _stretches(first: int, end: int) -> Iterator[tuple[int, int]]:
    """(from, to) of offsets, the latest first."""
    length = _STRETCH
    while end > first:
        start = max(first, end - length)
        yield start, end
        end, length = start, min(2 * length, _LONGEST)


def read_to(consumer: Consumer, start: TopicPartition, stop: int) -> Iterator[Message]:
    """Records from `start` to before `stop`, or to the end of the partition: what is not committed yet ends it too."""
    consumer.assign([start])
    heard = time.monotonic()
    while True:
        messages = consumer.consume(_BATCH, _POLL)
        if not messages and time.monotonic() - heard > _SILENCE:
            raise RestoreError(f"nothing came of the changelog for {_SILENCE:.0f} s; is the broker well?")
        if messages:
            heard = time.monotonic()
        for message in messages:
            error = message.error()
            if error is not None:
                if error.code() == KafkaError._PARTITION_EOF:
                    return
                raise KafkaException(error)
            if (message.offset() or 0) >= stop:
                return
            yield message
