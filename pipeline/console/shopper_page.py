"""What the page of a shopper shows: state, explanations, what was decided, and the ledger."""

from collections import deque
from collections.abc import Iterable
from typing import Any, Protocol

from pipeline.config.topology import Topology
from pipeline.console.live_state import cause_told, told_of
from pipeline.demo.published_record import PublishedRecord
from pipeline.domain.decide import Engine
from pipeline.domain.decision import LOYALTY_POINTS
from pipeline.domain.value.instant import format_instant
from pipeline.explain.known import Known
from pipeline.explain.rule import LOYALTY, SEGMENTS, Rule, rule_data
from pipeline.explain.text import lines
from pipeline.explain.tier_text import tier_lines
from pipeline.query.personal import bare_explanation
from pipeline.query.shopper_report import shopper_data
from pipeline.statement.audit import faults, statements_of

_DECISIONS = 300
_ENTRIES = 1_000
_ENTRIES_SHOWN = 200

Data = dict[str, Any]


class NotFound(Exception):
    """The shopper can't be shown; a sentence."""


class Shoppers(Protocol):
    """Where shoppers are looked up. known raises NotFound; published: the shopper's records that topics still have."""

    def known(self, shopper: str) -> Known: ...

    def published(self, shopper: str) -> Iterable[PublishedRecord]: ...


class ShopperPage:
    """Personal data (traits, addresses) is left out, as by the query API."""

    def __init__(self, topology: Topology, shoppers: Shoppers) -> None:
        self._shoppers = shoppers
        self._engine = Engine(topology.plan())
        self._rules = [Rule(SEGMENTS, name) for name in topology.segments]
        self._rules += [Rule(LOYALTY, name) for name in topology.loyalty]

    def data(self, shopper: str) -> Data:
        """Asks the brokers, and waits for them. Raises NotFound."""
        known = self._shoppers.known(shopper)
        decided: deque[PublishedRecord] = deque(maxlen=_DECISIONS)
        entries: deque[Data] = deque(maxlen=_ENTRIES)
        for record in self._shoppers.published(shopper):
            if isinstance(record.value, dict):
                decided.append(record)
                if record.topic == LOYALTY_POINTS:
                    entries.append(record.value)
        return {
            "shopper": shopper,
            "as_of": format_instant(known.at),
            "state": shopper_data(self._engine, known, personal=False),
            "rules": [self._rule(rule, known) for rule in self._rules],
            "timeline": sorted(map(_decision, decided), key=lambda one: str(one["at"]), reverse=True),
            "ledger": _ledger(entries),
        }

    def _rule(self, rule: Rule, known: Known) -> Data:
        data = rule_data(self._engine, rule, known)
        if rule.kind == SEGMENTS:
            data = bare_explanation(data)
            return {"name": rule.name, "kind": rule.kind, "member": data["member"], "lines": list(lines(data))}
        return {"name": rule.name, "kind": rule.kind, "member": None, "lines": list(tier_lines(data))}


def _decision(record: PublishedRecord) -> Data:
    cause = record.value.get("cause")
    return {
        "at": record.value.get("effective_at") or format_instant(record.timestamp),
        "topic": record.topic,
        "text": told_of(record),
        "cause": cause_told(cause) if isinstance(cause, dict) else "",
    }


def _ledger(entries: Iterable[Data]) -> list[Data]:
    return [
        {
            "programme": name,
            "faults": list(faults(steps)),
            "entries": [
                {key: step.entry[key] for key in ("effective_at", "entry", "points", "balance", "order_id")}
                for step in reversed(steps[-_ENTRIES_SHOWN:])
            ],
        }
        for name, steps in statements_of(entries, None, whole=False).items()
    ]
