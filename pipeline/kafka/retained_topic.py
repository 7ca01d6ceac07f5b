"""A topic as it is retained, as inputs of a replay: every committed record from the first offset that is still there to
the end at the time of opening. A member of no group, and nothing is committed or written."""

import time
from collections.abc import Iterator, Mapping
from types import TracebackType
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.domain.event import Event
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.intake import Intake
from pipeline.replay.source import InputError, Value
from pipeline.runtime.intake_fold import FIELD
from pipeline.runtime.ports import Record

_BATCH = 1_000
_POLL = 0.2
_ANSWER = 10.0
_SILENCE = 30.0


class RetainedPartition:
    """A `pipeline.replay.source.Source`. Values are numbered by the records' timestamps, ms. size, read: offsets."""

    def __init__(self, consumer: Consumer, topic: str, partition: int) -> None:
        self._consumer, self._at = consumer, TopicPartition(topic, partition)
        self.name = f"{topic}[{partition}]"
        try:
            self.first, self.end = consumer.get_watermark_offsets(self._at, timeout=_ANSWER)
        except KafkaException as error:
            raise InputError(f"{self.name} cannot be read: {error.args[0].str()}.") from error
        self.size = self.end - self.first
        self._next = self.first

    def read(self) -> int:
        return self._next - self.first

    def __iter__(self) -> Iterator[Value]:
        try:
            for message in self._messages():
                self._next = (message.offset() or 0) + 1
                yield message.timestamp()[1], message.value() or b"", None
        except KafkaException as error:
            raise InputError(f"{self.name} cannot be read to its end: {error.args[0].str()}.") from error

    def records(self) -> Iterator[Record]:
        """As they stand, each time from the first one on. Raises InputError."""
        try:
            for message in self._messages():
                offset, timestamp = message.offset() or 0, message.timestamp()[1]
                self._next = offset + 1
                yield Record(offset, timestamp, message.key(), message.value())
        except KafkaException as error:
            raise InputError(f"{self.name} cannot be read to its end: {error.args[0].str()}.") from error

    def _messages(self) -> Iterator[Message]:
        """A transaction that is open ends it too: what it holds is not committed yet."""
        if self.end <= self.first:
            return
        self._consumer.assign([TopicPartition(self._at.topic, self._at.partition, self.first)])
        heard = time.monotonic()
        while True:
            messages = self._consumer.consume(_BATCH, _POLL)
            if not messages and time.monotonic() - heard > _SILENCE:
                raise InputError(f"{self.name}: nothing came for {_SILENCE:.0f} s; is the broker well?")
            for message in messages:
                heard = time.monotonic()
                error = message.error()
                if error is not None:
                    if error.code() == KafkaError._PARTITION_EOF:
                        return
                    raise KafkaException(error)
                if (message.offset() or 0) >= self.end:
                    return
                yield message


class RetainedTopic:
    """All partitions of a topic, while inside its `with`: each has a consumer of its own, as they are merged in order
    of received time. properties: of a confluent client. Raises InputError."""

    def __init__(self, properties: Mapping[str, Any], topic: str) -> None:
        self._properties = properties
        self.topic = topic
        self._consumers: list[Consumer] = []
        self.partitions: list[RetainedPartition] = []

    def __enter__(self) -> "RetainedTopic":
        try:
            consumer = self._consumer()
            found = consumer.list_topics(self.topic, timeout=_ANSWER).topics[self.topic]
        except KafkaException as error:
            raise InputError(f"{self.topic} cannot be read: {error.args[0].str()}.") from error
        if found.error is not None or not found.partitions:
            raise InputError(f"There is no topic {self.topic}, or it may not be read.")
        numbers = sorted(found.partitions)
        consumers = [consumer, *(self._consumer() for _ in numbers[1:])]
        self.partitions = [
            RetainedPartition(each, self.topic, number) for each, number in zip(consumers, numbers, strict=True)
        ]
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for consumer in self._consumers:
            consumer.close()

    @property
    def whole(self) -> bool:
        """Whether no record of the topic has been deleted yet."""
        return not any(one.first for one in self.partitions)

    def _consumer(self) -> Consumer:
        consumer = Consumer(
            {
                "group.id": "unused",
                **self._properties,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "enable.auto.commit": False,
                "auto.offset.reset": "error",
                "queued.max.messages.kbytes": 4_096,
                "fetch.wait.max.ms": 100,
            }
        )
        self._consumers.append(consumer)
        return consumer


class RetainedCalls:
    """How the calls of such a partition are accepted, as `pipeline.runtime.intake_fold` accepts live ones.

    received: what a record's received time is. latest: no call was received later than this, ms: one that says so was
    received with those before it.
    """

    def __init__(self, received: str, latest: int) -> None:
        self._from_field, self._latest = received == FIELD, latest

    def accept(self, intake: Intake, value: Value, before: int) -> list[Answer]:
        """before: the latest received time of the partition so far, ms."""
        timestamp, record, _ = value
        received = before if self._from_field or timestamp > self._latest else timestamp
        calls = intake.accept(record, received, from_field=self._from_field)
        for call in calls:
            if type(call) is Event and call.received > self._latest:
                call.received = before
                call.time = min(call.time, before)
        return calls
