"""The clickstream topic as a sink: calls as a shop's own producers would send them."""

from collections.abc import Mapping
from types import TracebackType
from typing import Any

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from pipeline.simulator.traffic import Delivery

_PATIENCE = 10.0
_FLUSH = 15.0
_POLL_EVERY = 500


class SinkError(Exception):
    """Calls cannot be sent; one sentence that says what to do."""


class KafkaSink:
    """properties: of librdkafka. topic: the clickstream's name on the brokers. Records carry simulated received time.

    Raises SinkError if no broker answers, the topic is not there, or a record is not taken.
    """

    def __init__(self, properties: Mapping[str, Any], topic: str) -> None:
        self._topic = topic
        self._problem = ""
        self._sent = 0
        self._producer = Producer(
            {
                "partitioner": "murmur2_random",
                # A batch that is sent again must not come behind those that follow it.
                "enable.idempotence": True,
                "compression.type": "lz4",
                "linger.ms": 20,
                "message.timeout.ms": 30_000,
                "log_level": 0,
                **properties,
            }
        )
        brokers = properties.get("bootstrap.servers", "")
        try:
            known = self._producer.list_topics(topic, timeout=_PATIENCE).topics[topic]
        except KafkaException:
            raise SinkError(f"No Kafka broker answers at {brokers}. Is it running? Set --brokers.") from None
        if known.error is not None and known.error.code() == KafkaError.UNKNOWN_TOPIC_OR_PART:
            raise SinkError(f"Topic {topic} does not exist. Make it with `afterclick topics`.")

    def __enter__(self) -> "KafkaSink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        left = self._producer.flush(_FLUSH)
        if kind is None:
            self._check()
            if left:
                raise SinkError(f"{left:,} calls were not taken by the broker within {_FLUSH:g} s.")

    def send(self, delivery: Delivery) -> None:
        while True:
            try:
                self._producer.produce(
                    self._topic,
                    delivery.value,
                    delivery.key,
                    timestamp=delivery.received,
                    on_delivery=self._delivered,
                )
                break
            except BufferError:
                self._producer.poll(0.5)
                self._check()
        self._sent += 1
        if self._sent % _POLL_EVERY == 0:
            self._producer.poll(0)
            self._check()

    def _delivered(self, error: KafkaError | None, message: Message) -> None:
        if error is not None and not self._problem:
            self._problem = f"A call was not taken by the broker: {error.str()}."

    def _check(self) -> None:
        if self._problem:
            raise SinkError(self._problem)
