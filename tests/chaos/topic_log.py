"""Topics as any consumer sees them: committed records, read to the end again and again."""

import time
from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

CLICKSTREAM = "clickstream"
SHOPPER_EVENTS = "shopper-events"
DEAD_LETTERS = "clickstream-dlq"
SEGMENTS = "segment-changes"
ABANDONMENT = "abandonment-triggers"
TIERS = "loyalty-tiers"
POINTS = "loyalty-points"
DECISIONS = (SEGMENTS, ABANDONMENT, TIERS, POINTS)
STATE = "chaos.shopper-changelog"
# Keys of progress and checkpoint records begin with it (docs/contracts.md, "Internal topics").
RESERVED = b"\0"
TOPICS = (CLICKSTREAM, SHOPPER_EVENTS, DEAD_LETTERS, *DECISIONS, STATE)


class Row(NamedTuple):
    """timestamp: of the record, ms."""

    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...] = ()


Logs = dict[str, list[Row]]
"""Topic -> its rows; those of one partition in order of offset."""


class TopicLog:
    """rows: what was read so far, by topic, but for progress and checkpoints."""

    def __init__(self, brokers: str, topics: Iterable[str] = TOPICS) -> None:
        self.rows: Logs = defaultdict(list)
        self._consumer = Consumer(
            {
                "bootstrap.servers": brokers,
                "group.id": "auditor",
                "enable.auto.commit": False,
                "isolation.level": "read_committed",
                "enable.partition.eof": True,
                "auto.offset.reset": "error",
                "log_level": 0,
            }
        )
        known = self._consumer.list_topics(timeout=20).topics
        self._next = {(topic, number): 0 for topic in topics for number in known[topic].partitions}
        self._consumer.assign([TopicPartition(*place, 0) for place in self._next])

    def read(self, patience: float = 60) -> bool:
        """Read on to what is the end of every partition now; False if it could not be reached within patience, in
        seconds, as an open transaction may have it."""
        deadline = time.monotonic() + patience
        ends = {place: self._consumer.get_watermark_offsets(TopicPartition(*place), 20)[1] for place in self._next}
        while any(self._next[place] < end for place, end in ends.items()):
            if time.monotonic() > deadline:
                return False
            self.poll(0.1)
        return True

    def poll(self, seconds: float) -> None:
        """Read what there is; wait so long for it at most."""
        for message in self._consumer.consume(5_000, seconds):
            place, error = (str(message.topic()), message.partition()), message.error()
            if error is None:
                self._next[place] = message.offset() + 1
                self._keep(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                # Behind the transaction markers, which are no messages.
                self._next[place] = message.offset()

    @property
    def decisions(self) -> int:
        return sum(len(self.rows[topic]) for topic in DECISIONS)

    def _keep(self, message: Message) -> None:
        topic, key, value = message.topic(), message.key(), message.value()
        if key is not None and key[:1] == RESERVED:
            return
        if topic == STATE and value is not None:
            # Only that there is one can be judged without Afterclick's codec, and hours of them are large.
            value = value[:1]
        headers = tuple(message.headers() or ()) if topic == DEAD_LETTERS else ()
        self.rows[topic].append(Row(message.partition(), message.offset(), message.timestamp()[1], key, value, headers))

    def close(self) -> None:
        self._consumer.close()
