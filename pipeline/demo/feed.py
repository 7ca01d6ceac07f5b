"""What the public topics say, read as any consumer would: committed records only."""

from collections.abc import Mapping
from typing import Any

import msgspec
from confluent_kafka import Consumer, TopicPartition

from pipeline.config.flow import DEAD_LETTERS, SHOPPER_EVENTS
from pipeline.config.topology import Topology
from pipeline.demo.sentence import sentence
from pipeline.demo.storefront import Storefront
from pipeline.demo.tally import Tally
from pipeline.demo.ticker import VISITOR, Headline, Ticker
from pipeline.domain.decision import DECISION_TOPICS, LOYALTY_POINTS
from pipeline.domain.value.instant import parse_instant
from schemas.decision_reader import decision_reader

_MOST = 2_000
_CONTROL = b"\x00"


class _Told(msgspec.Struct):
    """Of a shopper-events value, what is shown. received: of an event, until: of a progress record; ms."""

    received: int = 0
    until: int = 0


class Feed:
    """brokers: address. kinds: see sentence.py. Points are counted but make no headline: each order has some.
    storefront: hears of its visitors, all that is decided."""

    def __init__(
        self, brokers: str, topology: Topology, kinds: Mapping[str, str], storefront: Storefront | None = None
    ) -> None:
        self._kinds = kinds
        self._storefront = storefront
        self._decode_told = msgspec.json.Decoder(_Told).decode
        read = [logical for logical in DECISION_TOPICS if logical in topology.used_topics()]
        self._readers = {logical: decision_reader(logical, topology.kafka.format) for logical in read}
        self._logical = {topology.topic(name): name for name in (SHOPPER_EVENTS, DEAD_LETTERS, *read)}
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": f"{topology.name}.demo",
                "isolation.level": "read_committed",
                "auto.offset.reset": "earliest",
                "enable.auto.commit": False,
                "fetch.wait.max.ms": 100,
                "log_level": 0,
            }
        )
        self._consumer.assign(
            [TopicPartition(topic, n, 0) for topic in self._logical for n in range(topology.kafka.partitions)]
        )

    def read(self, tally: Tally, ticker: Ticker, patience: float) -> int:
        """Fold what has come; wait at most `patience` seconds for it. The number of records."""
        messages = self._consumer.consume(_MOST, patience)
        for message in messages:
            if message.error() is None:
                self._see(self._logical[message.topic() or ""], message, tally, ticker)
        return len(messages)

    def close(self) -> None:
        self._consumer.close()

    def _see(self, logical: str, message: Any, tally: Tally, ticker: Ticker) -> None:
        if logical == SHOPPER_EVENTS:
            key, told = message.key() or b"", self._decode_told(message.value())
            if key.startswith(_CONTROL):
                tally.see_time(told.until)
            else:
                tally.see_event(key.decode(errors="replace"), told.received)
        elif logical == DEAD_LETTERS:
            headers = dict(message.headers() or ())
            tally.see_dead_letter((headers.get("reason") or b"?").decode(errors="replace"))
        else:
            decision = self._readers[logical](message.value())
            tally.see_decision(logical, decision)
            made = headline(logical, decision, self._kinds)
            if self._storefront is not None and self._storefront.hear(decision["shopper"], made):
                # Else it would wait among many of its sort.
                ticker.offer(made._replace(sort=f"{VISITOR} {made.sort}"))
            elif logical != LOYALTY_POINTS:
                ticker.offer(made)


def headline(topic: str, decision: Mapping[str, Any], kinds: Mapping[str, str]) -> Headline:
    """What is shown of a decision. topic, kinds: see sentence.py."""
    sort = f"{topic} {decision.get('change') or decision.get('reason') or ''}".strip()
    return Headline(sort, parse_instant(decision["effective_at"]) or 0, sentence(topic, decision, kinds))
