"""Referrals: both sides are given points (readings.md, 43).

Who was referred gets them with the first confirmed order. Who referred gets them as the event comes, which intake
tells that shopper of (intake/referrer.py): a shop sends it when the friend's order stands.
"""

from collections.abc import Iterable
from typing import Any

import xxhash

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.event import Event
from pipeline.domain.intake.referrer import referrer_of
from pipeline.domain.loyalty.bonus import Bonus, Grant, compiled
from pipeline.domain.loyalty_definition import EarnRule

# Friends remembered of one referrer, so that each is paid for once.
FRIENDS = 1_000

SELF_REFERRAL = "self_referral"
"""Remark: a shopper who names no other one as the one who referred."""
KNOWN_CUSTOMER = "referral_of_customer"
"""Remark: who was referred had bought more than once before."""


class Referrals:
    """The referring rules of a programme."""

    __slots__ = ("_bonuses", "names")

    def __init__(self, rules: Iterable[EarnRule]) -> None:
        self._bonuses = compiled(rule for rule in rules if rule.also)
        self.names = frozenset(bonus.rule.on for bonus in self._bonuses)

    def _of(self, event: Event, properties: dict[str, Any]) -> list[Bonus]:
        return [one for one in self._bonuses if one.rule.on == event.name and one.asks_for(properties, event.time)]

    def takes(self, event: Event, properties: dict[str, Any]) -> bool:
        """Whether the event, or its copy for the one who referred, tells of two shoppers."""
        return (bool(event.referred) and bool(self._of(event, properties))) or any(
            referrer_of(properties, one.rule.also) not in (None, event.shopper) for one in self._of(event, properties)
        )

    def accept(
        self, book: BonusBook, event: Event, properties: dict[str, Any], orders: int, remarks: list[str]
    ) -> None:
        """The friend's side: it waits for the first confirmed order. orders: completed so far."""
        for bonus in self._of(event, properties):
            referrer, key = referrer_of(properties, bonus.rule.also), _side(bonus)
            if referrer == event.shopper:
                remarks.append(SELF_REFERRAL)
            elif referrer is None or key in book.granted or key in book.waiting[::2]:
                continue
            elif orders > 1:
                remarks.append(KNOWN_CUSTOMER)
            else:
                book.waiting = [*book.waiting, key, event.time]

    def confirmed(self, book: BonusBook, now: int) -> list[Grant]:
        """What waited, once an order is confirmed at `now`, ms."""
        found = []
        for bonus in self._bonuses:
            key = _side(bonus)
            if key in book.waiting[::2]:
                book.granted[key] = [1]
                found.append(bonus.sum_of(now, "friend"))
        book.waiting = []
        return found

    def reward(self, book: BonusBook, event: Event, properties: dict[str, Any]) -> list[Grant]:
        """The referrer's side: each friend once."""
        friend = xxhash.xxh3_64_intdigest(event.referred.encode())
        if friend in book.friends:
            return []
        found = []
        for bonus in self._of(event, properties):
            grant = bonus.grant(book, event.time, event.referred)
            if grant is not None:
                found.append(grant)
        if found:
            book.friends = [*book.friends, friend][-FRIENDS:]
        return found


def _side(bonus: Bonus) -> int:
    """The friend's side of a rule, among the keys of rules."""
    return xxhash.xxh32_intdigest(f"friend {bonus.key}".encode())
