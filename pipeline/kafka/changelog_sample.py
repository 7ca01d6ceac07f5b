"""How long a changelog is, and how large its records are: a look at its ends and at some of its records."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaException, Message, TopicPartition

from pipeline.kafka.restore import RestoreError, changelog_reader
from pipeline.runtime.ports import RESERVED

_PLACES = 8
_ANSWER = 10.0
_SILENCE = 3.0


class ChangelogSample(msgspec.Struct):
    """One partition. first, end: its offsets; compaction leaves gaps, and each commit takes one. sizes: bytes, key and
    value, of the sampled shopper records. deletions, checkpoints: others among the sampled ones."""

    partition: int
    first: int
    end: int
    sizes: list[int]
    deletions: int = 0
    checkpoints: int = 0


def changelog_samples(
    properties: Mapping[str, Any], topic: str, partitions: Sequence[int], wanted: int
) -> Iterator[ChangelogSample]:
    """wanted: records of each partition to look at, all of it if it has no more, else from places spread over it, as
    compaction leaves the old end with other shoppers than the new one. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        for partition in partitions:
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
            sample = ChangelogSample(partition, first, end, [])
            for start, number in _places(first, end, wanted):
                for message in _read(consumer, TopicPartition(topic, partition, start), number):
                    _count(sample, message)
            yield sample
    except KafkaException as error:
        raise RestoreError(f"{topic}: {error.args[0].str()}") from error
    finally:
        consumer.close()


def _places(first: int, end: int, wanted: int) -> list[tuple[int, int]]:
    """(offset to begin at, records to read)."""
    if end - first <= wanted:
        return [(first, end - first)] if end > first else []
    each = max(1, wanted // _PLACES)
    return [(first + (end - first - each) * place // (_PLACES - 1), each) for place in range(_PLACES)]


def _read(consumer: Consumer, start: TopicPartition, number: int) -> list[Message]:
    """So many records, or what there is to the end of the partition."""
    consumer.assign([start])
    found: list[Message] = []
    while len(found) < number:
        messages = consumer.consume(number - len(found), _SILENCE)
        found += [message for message in messages if message.error() is None]
        if not messages or any(message.error() is not None for message in messages):
            break
    return found


def _count(sample: ChangelogSample, message: Message) -> None:
    key, value = message.key() or b"", message.value()
    if key[:1] == RESERVED:
        sample.checkpoints += 1
    elif value is None:
        sample.deletions += 1
    else:
        sample.sizes.append(len(key) + len(value))
