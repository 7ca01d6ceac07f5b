"""The topic that all engines read, and what is known of each of its events."""

from array import array
from collections.abc import Iterable
from datetime import datetime

from aiokafka.partitioner import murmur2
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient, NewTopic

PARTITIONS = 4
_STAMP = b'"receivedAt":"'
_STAMP_LENGTH = len("2026-01-05T08:00:00.000Z")


class Source:
    """A clickstream topic, filled event by event; an event's number is the last part of its message id."""

    def __init__(self, brokers: str, topic: str, *, linger: int = 20) -> None:
        """Makes the topic. linger: ms."""
        self.topic = topic
        self.partition, self.offset, self.shopper = array("B"), array("I"), array("I")
        self.at = array("q")
        """Event time = received time, ms."""
        admin = AdminClient({"bootstrap.servers": brokers})
        for made in admin.create_topics([NewTopic(topic, PARTITIONS, 1)]).values():
            made.result()
        self._length = [0] * PARTITIONS
        self._partitions: dict[bytes, int] = {}
        self._producer = Producer(
            {"bootstrap.servers": brokers, "compression.type": "lz4", "linger.ms": linger, "log_level": 0}
        )

    def __len__(self) -> int:
        return len(self.partition)

    def fill(self, calls: Iterable[tuple[bytes, bytes]]) -> None:
        """Append (key, value) of calls and wait until the broker has them."""
        for key, value in calls:
            self.append(key, value)
        self.flush()

    def append(self, key: bytes, value: bytes) -> None:
        """Hand a call to the producer, to the partition where a Java client would put it."""
        partition = self._partitions.get(key)
        if partition is None:
            partition = self._partitions[key] = (murmur2(key) & 0x7FFFFFFF) % PARTITIONS
        while True:
            try:
                self._producer.produce(self.topic, value, key, partition)
                break
            except BufferError:
                self._producer.poll(0.1)
        self.partition.append(partition)
        self.offset.append(self._length[partition])
        self._length[partition] += 1
        self.shopper.append(int(key[1:]))
        stamp = value.index(_STAMP) + len(_STAMP)
        self.at.append(milliseconds(value[stamp : stamp + _STAMP_LENGTH].decode()))

    def flush(self) -> None:
        """Raises RuntimeError if the broker does not take all within a minute."""
        if self._producer.flush(60):
            raise RuntimeError("the broker did not take the whole input")

    def last_seen(self, prefix: list[int]) -> dict[int, int]:
        """Shopper -> time of its last event, ms, among those below the offset that `prefix` gives each partition."""
        seen: dict[int, int] = {}
        for partition, offset, shopper, at in zip(self.partition, self.offset, self.shopper, self.at, strict=True):
            if offset < prefix[partition]:
                seen[shopper] = at
        return seen


def milliseconds(stamp: str) -> int:
    """Of an RFC 3339 instant."""
    return round(datetime.fromisoformat(stamp).timestamp() * 1000)
