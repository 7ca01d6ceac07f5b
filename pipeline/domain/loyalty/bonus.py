"""Bonuses: points that an event, a deed or a day earns, all at once (readings.md, 43)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.event import Event
from pipeline.domain.loyalty.limit import admits, remember, rule_key
from pipeline.domain.loyalty_definition import EarnRule
from pipeline.domain.value.number import MICRO
from pipeline.domain.value.operator import compile_filters


class Grant(msgspec.Struct, frozen=True):
    """points: whole. at: event time (ms), at which they count. source: what tells the grant from all others. rule: its
    id, else what it is on."""

    points: int
    at: int
    source: str
    rule: str


class Bonus:
    """A rule that grants a bonus, compiled. key: see `rule_key`."""

    __slots__ = ("_where", "key", "rule")

    def __init__(self, rule: EarnRule) -> None:
        self.rule = rule
        self.key = rule_key(rule)
        self._where: Callable[[dict[str, Any], int], bool] | None = compile_filters(rule.where)

    def asks_for(self, properties: dict[str, Any], at: int) -> bool:
        """Whether an event of that time (ms) is one that the rule is about."""
        return self.is_in_force(at) and (self._where is None or self._where(properties, at))

    def is_in_force(self, at: int) -> bool:
        rule = self.rule
        return rule.start <= at and (not rule.end or at < rule.end)

    def grant(self, book: BonusBook, at: int, cause: str | int) -> Grant | None:
        """The points, if the limit still admits them; they are counted. cause: of all that the rule grants, this."""
        granted, limit = book.granted.get(self.key, []), self.rule.limit
        if not admits(granted, at, limit):
            return None
        if limit is not None:
            book.granted[self.key] = remember(granted, at, limit)
        return self.sum_of(at, cause)

    def sum_of(self, at: int, cause: str | int) -> Grant:
        return Grant(self.rule.points // MICRO, at, f"{self.key}\0{cause}", self.rule.id or self.rule.on)


class Bonuses:
    """The bonuses of a programme that events earn, without referrals."""

    __slots__ = ("_by_event", "names")

    def __init__(self, rules: Iterable[EarnRule]) -> None:
        self._by_event: dict[str, list[Bonus]] = {}
        for bonus in compiled(rule for rule in rules if not rule.also and not rule.on.startswith("$")):
            self._by_event.setdefault(bonus.rule.on, []).append(bonus)
        self.names = frozenset(self._by_event)

    def takes(self, name: str, properties: dict[str, Any], at: int) -> bool:
        """Whether a bonus is about the event."""
        return any(bonus.asks_for(properties, at) for bonus in self._by_event.get(name, ()))

    def grants(
        self, book: BonusBook, event: Event, properties: dict[str, Any], at: int, first: bool = False
    ) -> list[Grant]:
        """What an event earns, in order of the rules; it is counted. at: its time, ms. first: it is the shopper's
        first order."""
        found = []
        for bonus in self._by_event.get(event.name, ()):
            if (first or not bonus.rule.first) and bonus.asks_for(properties, at):
                grant = bonus.grant(book, at, event.message_id)
                if grant is not None:
                    found.append(grant)
        return found


def compiled(rules: Iterable[EarnRule]) -> Sequence[Bonus]:
    """Bonuses in order of (priority from the highest, id)."""
    bonuses = (rule for rule in rules if not rule.per)
    return [Bonus(rule) for rule in sorted(bonuses, key=lambda rule: (-rule.priority, rule.id))]
