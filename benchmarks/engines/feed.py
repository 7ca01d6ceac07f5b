"""What a read-committed consumer sees of an engine's decisions, whatever engine made them."""

import time
from collections import Counter
from collections.abc import Callable
from typing import NamedTuple

import msgspec
from confluent_kafka import Consumer, TopicPartition

from benchmarks.engines.source import PARTITIONS, Source, milliseconds


class Decision(NamedTuple):
    """A decision by what it means. effective_at: ms. to: the level, of a tier."""

    shopper: int
    rule: str
    change: str
    to: str | None
    effective_at: int


class _Cause(msgspec.Struct):
    message_id: str | None = None


class _Published(msgspec.Struct):
    """As Afterclick writes it, `cause`, `segment` and `programme`; as the other apps do, `message_id` and `rule`."""

    shopper: str
    change: str
    effective_at: str
    rule: str | None = None
    segment: str | None = None
    programme: str | None = None
    to: str | None = None
    cause: _Cause | None = None
    message_id: str | None = None


_decode = msgspec.json.Decoder(_Published).decode


def parse(value: bytes) -> tuple[Decision, str | None]:
    """A published decision, and the message id of the event that caused it, if one did."""
    said = _decode(value)
    rule = said.rule or said.segment or said.programme or ""
    message_id = said.cause.message_id if said.cause is not None else said.message_id
    return Decision(int(said.shopper[1:]), rule, said.change, said.to, milliseconds(said.effective_at)), message_id


class Feed:
    """Reads an engine's decisions from the beginning; keeps them all, counted, and how far into the source they reach.

    seen: called for each decision that an event caused, with the number of the event.
    """

    def __init__(self, brokers: str, topics: list[str], source: Source, seen: Callable[[int], None]) -> None:
        self.decisions: Counter[Decision] = Counter()
        self.reached = [0] * PARTITIONS
        """Offset after the latest event that is known to have caused a decision, by partition of the source."""
        self._source, self._seen = source, seen
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "benchmark",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._consumer.assign([TopicPartition(topic, p, 0) for topic in topics for p in range(PARTITIONS)])

    @property
    def progress(self) -> int:
        """Events of the source that are decided, as far as decisions tell."""
        return sum(self.reached)

    def poll(self, seconds: float) -> bool:
        """Take in what comes within `seconds`; whether it moved progress."""
        before = self.progress
        for message in self._consumer.consume(5_000, seconds):
            if message.error() is None:
                self._take(*parse(message.value() or b""))
        return self.progress > before

    def drain(self, quiet: float, patience: float = 60) -> None:
        """Read on until nothing has come for `quiet` seconds, or for `patience` seconds."""
        begun = last = time.perf_counter()
        while time.perf_counter() - last < quiet and time.perf_counter() - begun < patience:
            before = self.decisions.total()
            self.poll(0.1)
            if self.decisions.total() > before:
                last = time.perf_counter()

    def close(self) -> None:
        self._consumer.close()

    def _take(self, decision: Decision, message_id: str | None) -> None:
        self.decisions[decision] += 1
        if message_id is not None:
            number = int(message_id.rpartition("-")[2])
            partition = self._source.partition[number]
            self.reached[partition] = max(self.reached[partition], self._source.offset[number] + 1)
            self._seen(number)
