"""A producer that tells when records are on the log: on all replicas in sync, or that they are not."""

import logging
import threading
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pipeline.kafka.outbox import PARTITION_UA

log = logging.getLogger(__name__)

# How long the broker may take before a request's records count as not acknowledged, ms. Below what clients wait (10 s).
PATIENCE = 5_000
_POLL = 0.1

_PROPERTIES: Mapping[str, Any] = {
    "acks": "all",
    # A batch that is sent again must not come behind those that follow it.
    "enable.idempotence": True,
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    "linger.ms": 5,
    "message.timeout.ms": PATIENCE,
    # Memory is bounded before: by the bytes of requests that are under way.
    "queue.buffering.max.messages": 2_000_000,
    "queue.buffering.max.kbytes": 524_288,
}


class _Ticket:
    """The records of one `send`: how many are still under way, and whether all went well."""

    __slots__ = ("_done", "_failed", "_left", "_lock")

    def __init__(self, records: int, done: Callable[[bool], None]) -> None:
        self._left = records
        self._failed = False
        self._done = done
        self._lock = threading.Lock()

    def delivered(self, error: KafkaError | None, _: Message | None) -> None:
        with self._lock:
            self._left -= 1
            self._failed |= error is not None
            last = self._left == 0
        if last:
            self._done(not self._failed)


class AcknowledgedLog:
    """properties: of librdkafka. topic: its name on the brokers. broken: called, from a thread of its own, when the
    producer can send nothing any more: it is to be made anew, best with the process. Any thread may send."""

    def __init__(self, properties: Mapping[str, Any], topic: str, broken: Callable[[], None] = lambda: None) -> None:
        self._broken = broken
        self._producer = Producer({**_PROPERTIES, **properties, "error_cb": self.on_error})
        self._topic = topic
        self._closed = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="acknowledgements", daemon=True)
        self._poller.start()

    def send(self, records: Sequence[tuple[bytes, bytes, int]], done: Callable[[bool], None]) -> None:
        """records: key (empty: any partition), value, timestamp in ms. Calls `done` once, from a thread of its own:
        whether all records are acknowledged."""
        if not records:
            done(True)
            return
        ticket = _Ticket(len(records), done)
        told, produce, topic = ticket.delivered, self._producer.produce, self._topic
        for key, value, timestamp in records:
            try:
                produce(topic, value, key or None, PARTITION_UA, on_delivery=told, timestamp=timestamp)
            except (BufferError, KafkaException):
                told(KafkaError(KafkaError._FAIL), None)

    def answers(self) -> bool:
        """Whether the brokers do and know the topic; it takes a second at most."""
        return self.finds_topic(1.0) is True

    def finds_topic(self, patience: float) -> bool | None:
        """Whether the topic exists; None if no broker told within `patience` seconds."""
        try:
            # Asked for by its name a topic would come into being where brokers make topics on their own.
            return self._topic in self._producer.list_topics(timeout=patience).topics
        except KafkaException:
            return None

    def on_error(self, error: KafkaError) -> None:
        """What librdkafka tells beside the fate of records. All but a fatal error it mends itself."""
        if error.fatal():
            log.error("The producer is broken (%s).", error.name())
            self._broken()

    def close(self, patience: float = 10.0) -> None:
        """Waits for what is under way, at most `patience` seconds."""
        self._producer.flush(patience)
        self._closed.set()
        self._poller.join()

    def _poll(self) -> None:
        while not self._closed.is_set():
            self._producer.poll(_POLL)
