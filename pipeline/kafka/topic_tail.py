"""Topics as they grow: committed records from a place on. A member of no group, and nothing is committed or written."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from confluent_kafka import OFFSET_BEGINNING, OFFSET_END, KafkaError, KafkaException, Message, TopicPartition

from pipeline.kafka.changelog_lookup import partition_of
from pipeline.kafka.restore import changelog_reader
from pipeline.kafka.unavailability import is_away

EARLIEST, LATEST = "earliest", "latest"

Start = str | int
"""EARLIEST, LATEST, or the first timestamp of records, ms."""

_ANSWER = 10.0
_BATCH = 1_000
_POLL = 0.2
# Polls without an answer after which brokers that should come to an end are given up: 30 s.
_SILENCE = 150


class TailError(Exception):
    """A topic cannot be read; one sentence."""


class TopicTail:
    """Records of several topics while inside its `with`; each partition's in order, partitions as they come.

    properties: of a confluent client. topics: names on the brokers. key: only records of this key, None = all.
    Raises TailError.
    """

    def __init__(self, properties: Mapping[str, Any], topics: Sequence[str], key: bytes | None = None) -> None:
        self._topics, self._key = topics, key
        self._consumer = changelog_reader(properties)

    def __enter__(self) -> "TopicTail":
        return self

    def __exit__(self, *_: object) -> None:
        self._consumer.close()

    def records(self, start: Start, *, follow: bool) -> Iterator[Message]:
        """follow: go on at the present end, until the reader stops; else come to an end there."""
        try:
            places = self._places(start)
            ends = {} if follow else {(at.topic, at.partition): self._end(at) for at in places}
            self._consumer.assign(places)
            yield from self._following() if follow else self._to(ends)
        except KafkaException as error:
            raise TailError(f"{', '.join(self._topics)} cannot be read: {error.args[0].str()}.") from error

    def arrived(self) -> int:
        """Offsets that the topics have come to, added up: it grows by what arrives."""
        try:
            return sum(self._end(place) for place in self._places(LATEST))
        except KafkaException as error:
            raise TailError(f"{', '.join(self._topics)} cannot be read: {error.args[0].str()}.") from error

    def _places(self, start: Start) -> list[TopicPartition]:
        # Asked for by its name a topic would come into being where brokers make topics on their own.
        there = self._consumer.list_topics(timeout=_ANSWER).topics
        for name in self._topics:
            if name not in there or not there[name].partitions:
                raise TailError(f"There is no topic {name}, or it may not be read; `afterclick topics` makes it.")
        counts = {name: len(there[name].partitions) for name in self._topics}
        numbers = {
            name: range(count) if self._key is None else (partition_of(self._key, count),)
            for name, count in counts.items()
        }
        offset = {EARLIEST: OFFSET_BEGINNING, LATEST: OFFSET_END}.get(str(start), start)
        places = [TopicPartition(name, number, int(offset)) for name, some in numbers.items() for number in some]
        # A partition with no record that late is told as its end.
        return self._consumer.offsets_for_times(places, _ANSWER) if isinstance(start, int) else places

    def _end(self, place: TopicPartition) -> int:
        return int(self._consumer.get_watermark_offsets(place, timeout=_ANSWER)[1])

    def _following(self) -> Iterator[Message]:
        while True:
            for message in self._consumer.consume(_BATCH, _POLL):
                error = message.error()
                if error is None and self._key in (None, message.key()):
                    yield message
                elif error is not None and error.code() != KafkaError._PARTITION_EOF and not is_away(error):
                    raise KafkaException(error)

    def _to(self, ends: dict[tuple[str, int], int]) -> Iterator[Message]:
        """To the present ends; a transaction that is open ends a partition too."""
        silent = 0
        while ends:
            messages = self._consumer.consume(_BATCH, _POLL)
            silent = 0 if messages else silent + 1
            if silent > _SILENCE:
                raise TailError(f"{', '.join(self._topics)}: nothing came for 30 s; is the broker well?")
            for message in messages:
                error, place = message.error(), (message.topic() or "", message.partition() or 0)
                if error is not None and error.code() != KafkaError._PARTITION_EOF:
                    raise KafkaException(error)
                offset = message.offset() or 0
                if place in ends and error is None and offset < ends[place] and self._key in (None, message.key()):
                    yield message
                if error is not None or offset + 1 >= ends.get(place, 0):
                    ends.pop(place, None)
