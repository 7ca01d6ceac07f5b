"""The topics of decisions as the query API reads them: `pipeline.query.published.Log`."""

from collections.abc import Mapping
from typing import Any

from pipeline.kafka.changelog_lookup import partition_of, values_of
from pipeline.kafka.decision_tail import DecisionTail, TailAway
from pipeline.kafka.restore import RestoreError
from pipeline.query.decision_ring import DecisionRing
from pipeline.query.published import Away


class PublishedLog:
    """topics: topic of the shop -> logical one. points: that of entries of points."""

    def __init__(
        self, properties: Mapping[str, Any], topics: Mapping[str, str], partitions: int, points: str, ring: DecisionRing
    ) -> None:
        self._properties = properties
        self._partitions = partitions
        self._points = points
        self._tail = DecisionTail(properties, topics, partitions, ring)

    def follow(self) -> None:
        try:
            self._tail.follow()
        except TailAway:
            raise Away from None

    def entries(self, shopper: str) -> list[bytes]:
        key = shopper.encode()
        try:
            return values_of(self._properties, self._points, partition_of(key, self._partitions), key)
        except RestoreError as error:
            raise Away from error

    def close(self) -> None:
        self._tail.close()
