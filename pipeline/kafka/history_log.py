"""A history onto the clickstream. Each record tells how far the history has come with it, so the log itself says where
to go on: none is there twice, and none is missing."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.archive.progress import HistoryRecord, Progress
from pipeline.kafka.client import Properties
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.runtime.ports import OutboxAway, Output

PARTITION = 0
"""All of a history goes through one partition: only there it keeps its order, whatever the workers are at."""
HEADER = "afterclick-import"

_TOPIC = "history"
_ANSWER = 30.0
# Offsets that are looked through at a time, from the end of the log.
_STEP = 2_000


class HistoryLog:
    """Use `progress` first: it makes us the only one who writes a history; an import that was begun before fails with
    Fenced from then on. Methods raise OutboxError.

    topic: the clickstream. name: the transactional id.
    """

    def __init__(self, properties: Properties, topic: str, name: str) -> None:
        self._topic = topic
        self._outbox = TransactionalOutbox(properties, name, {_TOPIC: topic}, PARTITION, WorkerClock())
        self._consumer = Consumer(
            {
                "group.id": "unused",
                **properties,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
            }
        )

    def progress(self) -> Progress | None:
        """Of the latest history that the log holds; None if it holds none."""
        self._outbox.fence()
        try:
            place = TopicPartition(self._topic, PARTITION)
            first, end = self._consumer.get_watermark_offsets(place, _ANSWER)
            while end > first:
                begin = max(first, end - _STEP)
                told = [one for message in self._records(begin, end) if (one := _told(message)) is not None]
                if told:
                    return told[-1]
                end = begin
        except KafkaException as error:
            raise OutboxAway(error.args[0].str()) from error
        return None

    def write(self, records: Iterable[HistoryRecord]) -> None:
        """Put all of them onto the log, or none."""
        self._outbox.begin()
        try:
            self._outbox.produce(
                Output(_TOPIC, None, value, [(HEADER, _encode(progress))], PARTITION) for value, progress in records
            )
            self._outbox.commit()
        except BaseException:
            self._outbox.abort()
            raise

    def close(self) -> None:
        self._outbox.close()
        self._consumer.close()

    def _records(self, begin: int, end: int) -> Iterator[Message]:
        """Those at offsets from `begin` to before `end`; transaction markers are none."""
        self._consumer.assign([TopicPartition(self._topic, PARTITION, begin)])
        while True:
            for message in self._consumer.consume(_STEP, 1.0):
                error = message.error()
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        return
                    raise KafkaException(error)
                if (message.offset() or 0) >= end:
                    return
                yield message


_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(Progress).decode


def _told(message: Message) -> Progress | None:
    headers: Any = message.headers() or ()
    for name, value in headers:
        if name == HEADER:
            try:
                return _decode(value)
            except msgspec.DecodeError:
                return None
    return None
