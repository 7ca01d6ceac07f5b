"""The partition's own transactional producer: decisions, dead letters, changelog and checkpoint commit together."""

import contextlib
import time
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from confluent_kafka import TIMESTAMP_LOG_APPEND_TIME, KafkaError, KafkaException, Message, Producer

from pipeline.kafka.clock import Clock
from pipeline.kafka.unavailability import is_away
from pipeline.runtime.ports import CHANGELOG, Denied, Fenced, OutboxAway, OutboxError, Output, TooLarge, Uncertain

# librdkafka's "by key"; confluent-kafka does not export the name.
PARTITION_UA = -1

_FENCED = frozenset(
    {
        KafkaError._FENCED,
        KafkaError.PRODUCER_FENCED,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.INVALID_PRODUCER_ID_MAPPING,
    }
)
_DENIED = frozenset({KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED, KafkaError.TOPIC_AUTHORIZATION_FAILED})
# What a record meets because of something that happened to the producer before.
_CONSEQUENCES = frozenset({KafkaError._PURGE_QUEUE, KafkaError._PURGE_INFLIGHT, KafkaError._FATAL})
_TRANSACTION_TIMEOUT = 30.0
RECORD_BYTES = 16 * 1024 * 1024

PRODUCER_PROPERTIES: Mapping[str, Any] = {
    "acks": "all",
    "enable.idempotence": True,
    # As Java clients partition keyed records, so that consumers can join our topics with their own by key.
    "partitioner": "murmur2_random",
    "compression.type": "lz4",
    # Of one record; batches stay at batch.size. A shopper's record in the changelog may outgrow the default of 1 MB.
    "message.max.bytes": RECORD_BYTES,
    "linger.ms": 5,
    "queue.buffering.max.kbytes": 65_536,
    "transaction.timeout.ms": int(_TRANSACTION_TIMEOUT * 1000),
    "message.timeout.ms": int(_TRANSACTION_TIMEOUT * 1000),
}


class TransactionalOutbox:
    """`pipeline.runtime.ports.Outbox` over one confluent producer. One thread at a time.

    properties: of the client. transactional_id: name of the partition's owner role; whoever calls `fence` last owns it.
    topics: logical topic -> topic of the shop. partition: of the changelog. queue_full: called each time that the send
    buffer has no room.
    """

    def __init__(
        self,
        properties: Mapping[str, Any],
        transactional_id: str,
        topics: Mapping[str, str],
        partition: int,
        clock: Clock,
        queue_full: Callable[[], None] = lambda: None,
    ) -> None:
        self._producer = Producer({**PRODUCER_PROPERTIES, **properties, "transactional.id": transactional_id})
        self._topics = topics
        self._partition = partition
        self._clock = clock
        self._queue_full = queue_full
        # The last changelog record is held back until commit: it alone carries a delivery callback.
        self._held: Output | None = None
        self._changelog_offset = -1
        self._delivery_error: KafkaError | None = None
        self._closed = False

    def fence(self, timeout: float = 60.0) -> None:
        """Become the owner: from now on whatever an earlier owner does fails. `timeout`: seconds of retrying.

        Raises OutboxError. An open transaction of the earlier owner is aborted, which takes about a second.
        """
        self._insist(lambda left: self._producer.init_transactions(left), timeout, "become the partition's owner")

    def begin(self) -> None:
        self._held, self._changelog_offset, self._delivery_error = None, -1, None
        self._guard(self._producer.begin_transaction)

    def produce(self, outputs: Iterable[Output]) -> None:
        # `_send` without the call: this runs for each record.
        produce, topics, own = self._producer.produce, self._topics, self._partition
        for output in outputs:
            if output.topic == CHANGELOG:
                held, self._held = self._held, output
                if held is None:
                    continue
                output = held
            topic, partition = output.topic, output.partition
            if partition is None:
                partition = own if topic == CHANGELOG else PARTITION_UA
            headers: Any = output.headers or None
            try:
                produce(topics[topic], output.value, output.key, partition, None, None, 0, headers)
            except BufferError:
                self._send(output)
            except KafkaException as error:
                raise self._reason(error.args[0]) from error

    def commit(self) -> int:
        if self._held is not None:
            self._send(self._held, self._delivered)
            self._held = None
        self._report(lambda: self._producer.flush(_TRANSACTION_TIMEOUT))
        if self._delivery_error is not None:
            raise self._reason(self._delivery_error)
        self._insist(lambda left: self._producer.commit_transaction(left), _TRANSACTION_TIMEOUT, "commit")
        return self._changelog_offset

    def abort(self) -> None:
        self._held = None
        self._insist(lambda left: self._producer.abort_transaction(left), _TRANSACTION_TIMEOUT, "abort")

    def close(self) -> None:
        """Drop the producer with whatever it has not sent. Idempotent."""
        if not self._closed:
            self._closed = True
            self._producer.purge()
            # It tries to end an open transaction, which a fenced producer may not and one without a broker can't; the
            # next owner's `fence` does it.
            with contextlib.suppress(KafkaException):
                self._producer.close()

    def _send(self, output: Output, on_delivery: Callable[[Any, Message], None] | None = None) -> None:
        partition = output.partition
        if partition is None:
            partition = self._partition if output.topic == CHANGELOG else PARTITION_UA
        topic = self._topics[output.topic]
        headers: Any = output.headers or None
        deadline = 0.0
        while True:
            try:
                # By position: keywords cost more than the sending.
                self._producer.produce(topic, output.value, output.key, partition, on_delivery, None, 0, headers)
                return
            except BufferError:
                # The send buffer is full: wait for the broker instead of taking more in.
                self._queue_full()
                deadline = deadline or time.monotonic() + _TRANSACTION_TIMEOUT
                if time.monotonic() > deadline:
                    raise OutboxAway("the broker takes no more records; is it overloaded or away?") from None
                self._report(lambda: self._producer.poll(0.05))
            except KafkaException as error:
                raise self._reason(error.args[0]) from error

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None:
            self._delivery_error = error
            return
        offset = message.offset()
        self._changelog_offset = -1 if offset is None else offset
        kind, timestamp = message.timestamp()
        self._clock.observe(timestamp if kind == TIMESTAMP_LOG_APPEND_TIME else None)

    def _insist(self, call: Callable[[float], None], timeout: float, what: str) -> None:
        """Call again as long as the error is one that passes."""
        deadline = time.monotonic() + timeout
        while True:
            left = deadline - time.monotonic()
            try:
                call(max(left, 0.1))
                return
            except KafkaException as error:
                problem = error.args[0]
                if not problem.retriable():
                    raise _told(problem) from error
                if left <= 0:
                    raise OutboxAway(f"could not {what} within {timeout:.0f} s: {problem.str()}") from error
                time.sleep(min(0.1, max(left, 0)))

    def _guard(self, call: Callable[[], object]) -> None:
        try:
            call()
        except KafkaException as error:
            raise _told(error.args[0]) from error

    def _report(self, call: Callable[[], object]) -> None:
        """Make a call that hands out delivery reports. A fatal error, as of a producer that is fenced, comes up in
        them, and confluent-kafka makes a SystemError of it now and then; whatever is called next tells it again."""
        with contextlib.suppress(SystemError):
            self._guard(call)

    def _reason(self, problem: KafkaError) -> OutboxError:
        """Why a record was not taken or not delivered: taken for anything less than fenced, a zombie would try again
        by fencing the owner."""
        if problem.code() in _CONSEQUENCES:
            try:
                self._producer.abort_transaction(1.0)
            except KafkaException as error:
                problem = error.args[0]
        return _told(problem)


def _told(problem: KafkaError) -> OutboxError:
    """What an error of a transactional producer means for the transaction."""
    if problem.code() in _FENCED:
        return Fenced(problem.str())
    if problem.code() in _DENIED:
        return Denied(f"this user lacks a permission, see docs/security.md: {problem.str()}")
    if problem.code() == KafkaError.MSG_SIZE_TOO_LARGE:
        return TooLarge(
            "a record is longer than its topic takes; raise the topic's max.message.bytes (`afterclick topics --check` "
            f"says where it is low): {problem.str()}"
        )
    if is_away(problem):
        return OutboxAway(problem.str())
    if problem.txn_requires_abort():
        return OutboxError(problem.str())
    return Uncertain(problem.str())
