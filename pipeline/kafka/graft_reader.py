"""Reads the log of grafts (pipeline/runtime/graft_log.py): a look at one partition, from an offset on."""

import time
from collections.abc import Mapping
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.kafka.restore import RestoreError, changelog_reader
from pipeline.runtime.ports import Record

SLICE = 500
"""Most records of one read, and so of one transaction of whoever takes them in."""

_POLL = 0.2
_ANSWER = 10.0
_SILENCE = 15.0
_NO_TOPIC = (KafkaError.UNKNOWN_TOPIC_OR_PART, KafkaError._UNKNOWN_TOPIC, KafkaError._UNKNOWN_PARTITION)


class GraftReader:
    """Committed records only, in no group. One call at a time, from whichever thread. properties: of a client."""

    def __init__(self, properties: Mapping[str, Any], topic: str) -> None:
        self._properties, self._topic = properties, topic
        self._consumer: Consumer | None = None
        # Where it was read to: the next look need not seek.
        self._at: tuple[int, int] | None = None

    def read(self, partition: int, offset: int) -> list[Record]:
        """The next records, some at least if there are any. None are there if the topic is not; what retention took,
        or the whole topic if it was made anew, is passed over. Raises RestoreError."""
        if self._consumer is None:
            self._consumer = changelog_reader(self._properties)
        consumer = self._consumer
        try:
            first, end = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=_ANSWER)
            start = offset if first <= offset <= end else first
            if start >= end:
                return []
            if self._at != (partition, start):
                consumer.assign([TopicPartition(self._topic, partition, start)])
            return self._read(consumer, partition)
        except KafkaException as error:
            self._at = None
            if error.args[0].code() in _NO_TOPIC:
                return []
            raise RestoreError(f"{self._topic}[{partition}]: {error.args[0].str()}") from error

    def close(self) -> None:
        consumer, self._consumer = self._consumer, None
        if consumer is not None:
            consumer.close()

    def _read(self, consumer: Consumer, partition: int) -> list[Record]:
        self._at, found, heard = None, list[Record](), time.monotonic()
        while time.monotonic() - heard < _SILENCE:
            for message in consumer.consume(SLICE, _POLL):
                error = message.error()
                if error is None:
                    key, value = message.key(), message.value()
                    found.append(Record(message.offset() or 0, message.timestamp()[1], key, value))
                elif error.code() == KafkaError._PARTITION_EOF:
                    return found
                else:
                    raise KafkaException(error)
            if found:
                self._at = partition, found[-1].offset + 1
                return found
        return found
