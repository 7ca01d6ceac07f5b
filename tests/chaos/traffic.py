"""The shop's traffic: hundreds of customers at once, with bursts on single partitions, until told to stop."""

import heapq
import threading
import time
from collections import defaultdict
from collections.abc import Iterator
from random import Random
from typing import Any

from confluent_kafka import Producer

from tests.chaos.customer import Act, Call, Customer, Step

# Customers at a time for one event a second, as customer.py has them act.
PER_EVENT = 3.0
_BURST_EVERY = (8.0, 20.0)


class Traffic(threading.Thread):
    """rate: events a second, about. sent, delivered, failed: records so far."""

    def __init__(self, brokers: str, seed: int, rate: float) -> None:
        super().__init__(name="traffic", daemon=True)
        self.sent = self.delivered = self.failed = 0
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "acks": "all",
                "linger.ms": 5,
                # Longer than any outage of a run: what was sent is in the topic, in order, once.
                "message.timeout.ms": 900_000,
                "log_level": 0,
            }
        )
        self._random = Random(f"traffic {seed}")
        self._customers = int(rate * PER_EVENT)
        self._made = 0
        self._living: dict[str, Customer] = {}
        self._homes: dict[int, set[str]] = defaultdict(set)
        self._turns: list[tuple[float, int, Customer, Iterator[Step], Act]] = []
        self._stopping = threading.Event()

    def run(self) -> None:
        now = time.monotonic()
        for _ in range(self._customers):
            self._enter(now + self._random.uniform(0, 10))
        burst = now + 15
        while not self._stopping.is_set():
            now = time.monotonic()
            while self._turns[0][0] <= now:
                self._turn(now)
            if now >= burst:
                self._burst()
                burst = now + self._random.uniform(*_BURST_EVERY)
            self._producer.poll(min(max(self._turns[0][0] - time.monotonic(), 0), 0.05))

    def stop(self, patience: float = 120) -> None:
        """Everyone says farewell. Returns when all is in the topic, or patience, in seconds, ran out."""
        self._stopping.set()
        self.join(30)
        for customer in list(self._living.values()):
            self._send(customer, customer.farewell())
        if self._producer.flush(patience):
            # What came late would change what must be decided while it is audited.
            self._producer.purge()
            self._producer.flush(5)

    @property
    def waiting(self) -> int:
        """Records that are not in the topic yet."""
        return self.sent - self.delivered - self.failed

    def _enter(self, at: float) -> None:
        self._made += 1
        customer = Customer(f"s{self._made}", Random(f"{self._random.random()} {self._made}"))
        self._living[customer.name] = customer
        heapq.heappush(self._turns, (at, self._made, customer, customer.life(), list))

    def _turn(self, now: float) -> None:
        due, number, customer, life, act = heapq.heappop(self._turns)
        self._send(customer, act())
        step = next(life, None)
        if step is None:
            del self._living[customer.name]
            self._enter(now + self._random.uniform(0, 2))
            return
        wait, act = step
        heapq.heappush(self._turns, (max(due + wait, now), number, customer, life, act))

    def _burst(self) -> None:
        """All customers of one partition look around at once, so that this partition lags behind the others."""
        if not self._homes:
            return
        for name in sorted(self._homes[self._random.choice(sorted(self._homes))]):
            customer = self._living.get(name)
            if customer is not None and not customer.ended:
                for _ in range(self._random.randint(1, 3)):
                    self._send(customer, customer.view())

    def _send(self, customer: Customer, calls: list[Call]) -> None:
        for call in calls:
            while True:
                try:
                    self._producer.produce("clickstream", call, customer.name, on_delivery=self._delivered)
                    break
                except BufferError:
                    self._producer.poll(0.1)
            self.sent += 1

    def _delivered(self, error: Any, message: Any) -> None:
        if error is not None:
            self.failed += 1
            return
        self.delivered += 1
        name = message.key().decode()
        if name in self._living:
            self._homes[message.partition()].add(name)
        else:
            self._homes[message.partition()].discard(name)
