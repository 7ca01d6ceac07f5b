"""What each operation answers, as data."""

from typing import Any, Protocol

from pipeline.config.topology import Topology
from pipeline.explain.known import Known, UnknownShopper
from pipeline.explain.rule import UnknownRule, rule_data, rule_of
from pipeline.query.cursor import parse_cursor
from pipeline.query.openapi import document
from pipeline.query.partitions import Freshness, Partitions
from pipeline.query.personal import bare_explanation
from pipeline.query.refused import Refused
from pipeline.query.shopper_report import shopper_data
from pipeline.query.topology_report import topology_data
from pipeline.runtime.ports import RESERVED

Data = dict[str, Any]

VOLATILE = frozenset({"freshness", "as_of", "source"})
"""Fields that say how fresh an answer is, not what it says."""


class Decided(Protocol):
    """`pipeline.query.published.Published`."""

    def decisions(self, limit: int, topic: str | None, shopper: str | None, personal: bool) -> Data: ...

    def ledger(self, shopper: str, limit: int) -> Data: ...


class Answers:
    """A method for each operation, by its name; captured parts of the path and parameters are its arguments. They raise
    Refused, Elsewhere, UnknownShopper, Alias, StateError."""

    OF_TOPICS = frozenset({"ledger", "decisions"})
    """Those that wait for brokers; all others use the stores' thread."""

    def __init__(self, topology: Topology, partitions: Partitions, published: Decided) -> None:
        self._topology = topology
        self._partitions = partitions
        self._published = published

    def health(self) -> Data:
        count = self._partitions.count
        try:
            placement = self._partitions.placement()
        except Refused as refused:
            return {"status": "starting", "message": refused.message, "partitions": {"of": count}}
        ready = bool(placement.stages) and len(placement.open) == len(placement.stages)
        held = {"of": count, "here": len(placement.stages), "open": len(placement.open)}
        return {"status": "ok" if ready else "starting", "partitions": held}

    def document(self) -> Data:
        return document()

    def topology(self) -> Data:
        return topology_data(self._topology, self._partitions.engine.plan)

    def partitions(self) -> Data:
        return self._partitions.standing()

    def shopper(self, shopper: str, explain: str | None, include: str | None) -> Data:
        known, freshness = self._known(shopper)
        data = shopper_data(self._partitions.engine, known, include is not None)
        if explain is not None:
            data["explain"] = self._explained(known, explain, include)
        return data | {"freshness": freshness}

    def explain(self, shopper: str, rule: str, include: str | None) -> Data:
        known, freshness = self._known(shopper)
        return self._explained(known, rule, include) | {"freshness": freshness}

    def ledger(self, shopper: str, limit: int) -> Data:
        return self._published.ledger(_key_of(shopper), limit)

    def members(self, segment: str, limit: int, cursor: str) -> Data:
        if segment not in self._topology.segments:
            raise Refused(404, "unknown_segment", "The topology has no such segment; /v1/topology lists them.")
        return self._partitions.members(segment, parse_cursor(cursor, self._partitions.count), limit)

    def decisions(self, topic: str | None, shopper: str | None, limit: int, include: str | None) -> Data:
        return self._published.decisions(limit, topic, shopper, include is not None)

    def _known(self, shopper: str) -> tuple[Known, Freshness]:
        return self._partitions.known(_key_of(shopper))

    def _explained(self, known: Known, said: str, include: str | None) -> Data:
        try:
            rule = rule_of(self._topology.segments, self._topology.loyalty, said)
        except UnknownRule:
            message = "The topology has no such segment or programme, or both; /v1/topology lists them."
            raise Refused(404, "unknown_rule", message) from None
        data = rule_data(self._partitions.engine, rule, known)
        return data if include is not None else bare_explanation(data)


def _key_of(shopper: str) -> str:
    """Raises UnknownShopper for keys that are none of a shopper."""
    if shopper.encode().startswith(RESERVED):
        raise UnknownShopper
    return shopper
