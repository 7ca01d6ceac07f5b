"""What a consumer of decisions sees, and when: `segment-changes`, read committed, from now on."""

import json
import time

from confluent_kafka import Consumer, TopicPartition

from benchmarks.cluster import Cluster
from benchmarks.workload import order

TOPIC = "segment-changes"


class DecisionReader:
    """A consumer of its own, that waits for nothing but records."""

    def __init__(self, brokers: str, partitions: int = 4) -> None:
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "benchmark",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 500,
                "fetch.min.bytes": 1,
                "log_level": 0,
            }
        )
        self._consumer.assign(
            [TopicPartition(TOPIC, partition, self._end(partition)) for partition in range(partitions)]
        )
        self.seen: dict[str, float] = {}
        """Shopper -> when its first decision was seen, `time.perf_counter` seconds."""

    def poll(self, seconds: float) -> None:
        """Take in what comes within `seconds`."""
        deadline = time.perf_counter() + seconds
        while (left := deadline - time.perf_counter()) > 0:
            message = self._consumer.poll(left)
            if message is not None and message.error() is None:
                self.seen.setdefault(json.loads(message.value() or b"{}")["shopper"], time.perf_counter())

    def wait(self, shopper: str, patience: float = 60) -> float:
        """When the first decision on `shopper` was seen. Raises TimeoutError."""
        deadline = time.perf_counter() + patience
        while shopper not in self.seen:
            if time.perf_counter() > deadline:
                raise TimeoutError(f"no decision within {patience:.0f} s")
            self.poll(0.05)
        return self.seen[shopper]

    def close(self) -> None:
        self._consumer.close()

    def _end(self, partition: int) -> int:
        _, end = self._consumer.get_watermark_offsets(TopicPartition(TOPIC, partition), timeout=30)
        return int(end)


def send_order(beside: Cluster, shopper: str) -> float:
    """Send an order of a new shopper, which makes a buyer of it; when it was handed to the producer."""
    producer = beside.producer(linger=0)
    key, value = order(shopper)
    sent = time.perf_counter()
    producer.produce("clickstream", value, key)
    if producer.flush(30):
        raise RuntimeError("the broker did not take the order")
    return sent
