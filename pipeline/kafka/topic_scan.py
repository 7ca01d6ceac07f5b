"""All records of a topic, from its first one to its present end."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from confluent_kafka import KafkaException, TopicPartition

from pipeline.kafka.changelog_lookup import read_to
from pipeline.kafka.restore import RestoreError, changelog_reader
from pipeline.runtime.ports import Record

_ANSWER = 10.0


def partition_counts(properties: Mapping[str, Any]) -> dict[str, int]:
    """How many partitions each topic has. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        # Asked for by its name a topic would come into being where brokers make topics on their own.
        return {name: len(topic.partitions) for name, topic in consumer.list_topics(timeout=_ANSWER).topics.items()}
    except KafkaException as error:
        raise RestoreError(error.args[0].str()) from error
    finally:
        consumer.close()


def rows_of(properties: Mapping[str, Any], topic: str, partitions: Iterable[int]) -> Iterator[tuple[int, Record]]:
    """All committed records that a topic has now, each with its partition. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        for partition in partitions:
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
            for message in read_to(consumer, TopicPartition(topic, partition, first), end) if end > first else ():
                at = message.timestamp()[1]
                yield partition, Record(message.offset() or 0, at, message.key(), message.value())
    except KafkaException as error:
        raise RestoreError(f"{topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()
