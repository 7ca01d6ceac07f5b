"""What was published of shoppers: the latest decisions, and the entries of their points."""

import threading
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import msgspec

from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.query.decision_ring import DecisionRing
from pipeline.query.personal import OF_DECISIONS, bare_decision
from pipeline.query.refused import Refused, unavailable
from pipeline.statement.audit import faults, statements_of

# Scans of a topic's partition at a time.
_SCANS = 2

Data = dict[str, Any]
Read = Callable[[bytes], Data]


class Away(Exception):
    """The brokers do not answer."""


class Log(Protocol):
    """The topics' end. follow: the ring has then what the topics end with. entries: every value of a shopper that the
    topic of points still has. Both raise Away."""

    def follow(self) -> None: ...

    def entries(self, shopper: str) -> list[bytes]: ...


class Published:
    """readers: what decodes the values of each topic that the topology uses. Any thread."""

    def __init__(self, log: Log, ring: DecisionRing, readers: Mapping[str, Read]) -> None:
        self._log = log
        self._ring = ring
        self._readers = readers
        self._scans = threading.Semaphore(_SCANS)

    @property
    def topics(self) -> tuple[str, ...]:
        return tuple(self._readers)

    def decisions(self, limit: int, topic: str | None, shopper: str | None, personal: bool) -> Data:
        """The latest first. Raises Refused."""
        if topic is not None and topic not in self._readers:
            raise Refused(404, "unknown_topic", f"There is no topic {topic} of decisions; there are {self._listed()}.")
        try:
            self._log.follow()
        except Away:
            raise unavailable("brokers_away", "The brokers do not answer; ask again.") from None
        rows = self._ring.latest(limit, topic, None if shopper is None else shopper.encode())
        told = [(row, self._decoded(row.topic, row.value)) for row in rows]
        return {
            "decisions": [
                {"topic": row.topic, "partition": row.partition, "offset": row.offset}
                | {"decision": decision if personal else bare_decision(row.topic, decision)}
                for row, decision in told
            ],
            "withheld": [] if personal else sorted({name for _, names in OF_DECISIONS.items() for name in names}),
        }

    def ledger(self, shopper: str, limit: int) -> Data:
        """Of each programme the latest entries, and what an audit of all of them says. Raises Refused."""
        if LOYALTY_POINTS not in self._readers:
            raise Refused(404, "no_programme", "The topology has no loyalty programmes.")
        if not self._scans.acquire(blocking=False):
            raise unavailable("busy", "Other ledgers are being read; ask again.")
        try:
            entries = [self._decoded(LOYALTY_POINTS, value) for value in self._log.entries(shopper)]
        except Away:
            raise unavailable("brokers_away", "The brokers do not answer; ask again.") from None
        finally:
            self._scans.release()
        statements = statements_of(entries, None, whole=False)
        if not statements:
            raise Refused(404, "no_entries", "No entries of points are kept of this shopper.")
        return {
            "shopper": shopper,
            "programmes": {
                name: {
                    "balance": steps[-1].entry["balance"],
                    "pending": steps[-1].entry["pending"],
                    "entries": [step.entry for step in steps[-limit:]],
                    "entries_kept": len(steps),
                    "faults": list(faults(steps)),
                }
                for name, steps in statements.items()
            },
        }

    def _decoded(self, topic: str, value: bytes) -> Data:
        try:
            return self._readers[topic](value)
        except (msgspec.DecodeError, ValueError, EOFError, IndexError, StopIteration):
            message = f"What is on {topic} is not as this topology writes it; was `kafka.format` changed?"
            raise Refused(503, "unreadable_topic", message, 60) from None

    def _listed(self) -> str:
        return ", ".join(self._readers)
