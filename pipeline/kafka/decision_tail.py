"""The ends of the decision topics, followed while somebody asks for them: nothing is read otherwise."""

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.kafka.restore import changelog_reader
from pipeline.query.decision_ring import MOST, DecisionRing, Row

log = logging.getLogger(__name__)

_BATCH, _POLL = 1_000, 0.1
_ANSWER = 5.0
# Seconds after the last question that it goes on for.
_IDLE = 60.0


class TailAway(Exception):
    """The brokers do not answer, or not in time."""


class DecisionTail:
    """Fills a ring, from as far back as it holds. topics: topic of the shop -> logical one. idle: seconds after the
    last question that it goes on for. `follow` from any thread."""

    def __init__(
        self,
        properties: Mapping[str, Any],
        topics: Mapping[str, str],
        partitions: int,
        ring: DecisionRing,
        idle: float = _IDLE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._properties = {**properties, "queued.max.messages.kbytes": 4_096}
        self._topics = topics
        self._partitions = partitions
        self._ring = ring
        self._idle = idle
        self._clock = clock
        self._asked = clock()
        self._gate = threading.Lock()
        self._thread: threading.Thread | None = None
        self._caught_up = threading.Event()
        self._stopping = threading.Event()

    @property
    def following(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def follow(self, patience: float = _ANSWER) -> None:
        """Returns when the ring has what the topics held when it began to follow. Raises TailAway."""
        self._asked = self._clock()
        with self._gate:
            if not self.following:
                self._caught_up.clear()
                self._thread = threading.Thread(target=self._run, name="decisions", daemon=True)
                self._thread.start()
        if not self._caught_up.wait(patience):
            raise TailAway

    def close(self) -> None:
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout=5)

    def _run(self) -> None:
        consumer: Consumer | None = None
        try:
            consumer = changelog_reader(self._properties)
            starts = self._starts(consumer)
            consumer.assign(starts)
            self._fill(consumer, {(one.topic, one.partition) for one in starts})
        except KafkaException as error:
            log.warning("Decisions can't be read: %s.", error.args[0].str())
        finally:
            # Whoever asks next begins anew.
            self._caught_up.clear()
            if consumer is not None:
                consumer.close()
            self._ring.clear()

    def _starts(self, consumer: Consumer) -> list[TopicPartition]:
        found = []
        for topic in self._topics:
            for partition in range(self._partitions):
                first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=_ANSWER)
                found.append(TopicPartition(topic, partition, max(first, end - MOST)))
        return found

    def _fill(self, consumer: Consumer, waiting: set[tuple[str, int]]) -> None:
        if not waiting:
            self._caught_up.set()
        while not self._stopping.is_set() and self._clock() - self._asked < self._idle:
            self._ring.add(self._rows(consumer.consume(_BATCH, _POLL), waiting))
            if not waiting:
                self._caught_up.set()

    def _rows(self, messages: Sequence[Message], waiting: set[tuple[str, int]]) -> list[Row]:
        rows = []
        for message in messages:
            error, topic, partition = message.error(), message.topic() or "", message.partition() or 0
            if error is not None and error.code() == KafkaError._PARTITION_EOF:
                waiting.discard((topic, partition))
            elif error is not None:
                raise KafkaException(error)
            else:
                at = message.timestamp()[1]
                key, value = message.key() or b"", message.value() or b""
                rows.append(Row(at, partition, message.offset() or 0, self._topics[topic], key, value))
        return rows
