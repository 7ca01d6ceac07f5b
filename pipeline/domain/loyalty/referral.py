"""Referrals: both sides are given points with the friend's first confirmed order (readings.md, 43).

The friend's record knows its orders; the one who referred is another shopper. Intake tells that one of the event
(intake/referrer.py), and the friend's record of the instant at which the order is to be confirmed, and of another one,
or none, if that changes: in time before it, however long that takes. So both are given their points at one instant,
each by a timer of their own.
"""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
import xxhash

from pipeline.domain.bonus_book import BonusBook, Expected, Introduced
from pipeline.domain.decision import Moment
from pipeline.domain.event import REFERRAL_CONFIRMED, Event
from pipeline.domain.intake.referrer import referrer_of
from pipeline.domain.loyalty.bonus import Bonus, Grant, compiled
from pipeline.domain.loyalty_definition import EarnRule

# Friends remembered of one referrer, so that each is paid for once.
FRIENDS = 1_000
# Friends of one referrer who have not bought yet; beyond it the one who came first is forgotten.
EXPECTED = 300

SELF_REFERRAL = "self_referral"
"""Remark: a shopper who names no other one as the one who referred."""
KNOWN_CUSTOMER = "referral_of_customer"
"""Remark: who was referred had bought more than once before."""
TOO_MANY = "referral_limit"
"""Remark: see EXPECTED."""


class Referrals:
    """The referring rules of a programme. Keeps `BonusBook.waiting` and `introduced` of who was referred, `expected`
    and `pays` of who referred."""

    __slots__ = ("_bonuses", "_by_key", "_programme", "names")

    def __init__(self, programme: str, rules: Iterable[EarnRule]) -> None:
        self._programme = programme
        self._bonuses = compiled(rule for rule in rules if rule.also)
        self._by_key = {bonus.key: bonus for bonus in self._bonuses}
        names = {bonus.rule.on for bonus in self._bonuses}
        self.names = frozenset(names | {REFERRAL_CONFIRMED} if names else names)

    def _of(self, event: Event, properties: dict[str, Any]) -> list[Bonus]:
        return [one for one in self._bonuses if one.rule.on == event.name and one.asks_for(properties, event.time)]

    def takes(self, event: Event, properties: dict[str, Any]) -> bool:
        """Whether the event, or its copy for the one who referred, tells of two shoppers."""
        return (bool(event.referred) and bool(self._of(event, properties))) or any(
            referrer_of(properties, one.rule.also) not in (None, event.shopper) for one in self._of(event, properties)
        )

    # The friend's side.

    def accept(
        self, book: BonusBook, event: Event, properties: dict[str, Any], orders: int, remarks: list[str]
    ) -> None:
        """It waits for the first confirmed order. orders: completed so far."""
        for bonus in self._of(event, properties):
            referrer, key = referrer_of(properties, bonus.rule.also), _side(bonus)
            if referrer == event.shopper:
                remarks.append(SELF_REFERRAL)
            elif referrer is None or key in book.granted or key in book.waiting[::2]:
                continue
            elif orders > 1:
                remarks.append(KNOWN_CUSTOMER)
            else:
                unknown = [Introduced("", 0, 0)] * (len(book.waiting) // 2 - len(book.introduced))
                introduced = Introduced(referrer, friend_key(event.shopper), bonus.key)
                book.introduced = [*book.introduced, *unknown, introduced]
                book.waiting = [*book.waiting, key, event.time]

    def announce(self, book: BonusBook, confirms: int, moment: Moment) -> None:
        """Tell those who referred when the first order is confirmed, ms, 0 = there is none, if they know otherwise."""
        for number, one in enumerate(book.introduced):
            if one.referrer and one.told != confirms:
                one.told = confirms
                moment.letters.append(self._letter(one, number, confirms, moment))

    def confirmed(self, book: BonusBook, now: int) -> list[Grant]:
        """What waited, once an order is confirmed at `now`, ms."""
        found = []
        for bonus in self._bonuses:
            key = _side(bonus)
            if key in book.waiting[::2]:
                book.granted[key] = [1]
                found.append(bonus.sum_of(now, "friend"))
        book.waiting, book.introduced = [], []
        return found

    def _letter(self, one: Introduced, number: int, confirms: int, moment: Moment) -> Event:
        told = {"programme": self._programme, "rule": one.rule, "friend": one.friend, "confirms": confirms}
        cause = moment.message_id or f"{moment.shopper} {moment.now}"
        return Event(
            REFERRAL_CONFIRMED, REFERRAL_CONFIRMED, one.referrer, moment.now, moment.now,
            f"{cause}/{self._programme}/{number}", properties=msgspec.Raw(msgspec.json.encode(told)),
            referred=moment.shopper,
        )  # fmt: skip

    # The referrer's side.

    def register(self, book: BonusBook, event: Event, properties: dict[str, Any], remarks: list[str]) -> list[Expected]:
        """A friend is there, who may buy; what is expected of that from now on, each friend once a rule."""
        friend = friend_key(event.referred)
        if friend in book.friends:
            return []
        known = {one.rule for one in book.expected if one.friend == friend}
        new = [Expected(friend, one.key, event.time) for one in self._of(event, properties) if one.key not in known]
        if len(book.expected) + len(new) > EXPECTED:
            remarks.append(TOO_MANY)
        book.expected = [*book.expected, *new][-EXPECTED:]
        return new

    def hear(self, book: BonusBook, properties: dict[str, Any]) -> None:
        """A friend's record tells when an order is confirmed."""
        if properties.get("programme") == self._programme:
            for one in book.expected:
                if (one.friend, one.rule) == (properties.get("friend"), properties.get("rule")):
                    one.confirms = properties["confirms"]
            self.set_due(book)

    def set_due(self, book: BonusBook) -> None:
        dues = (one.confirms for one in book.expected if one.confirms and one.rule in self._by_key)
        book.pays = min(dues, default=0)

    def pay(self, book: BonusBook, now: int) -> Iterator[tuple[Grant, bool]]:
        """What the orders earn that are confirmed by now, and whether that is held; each friend is paid for once."""
        due = [one for one in book.expected if 0 < one.confirms <= now and one.rule in self._by_key]
        if not due:
            return
        gone = {(one.friend, one.rule) for one in due}
        book.expected = [one for one in book.expected if (one.friend, one.rule) not in gone]
        for one in sorted(due, key=lambda one: one.confirms):
            grant = self._by_key[one.rule].grant(book, now, one.friend)
            if grant is not None:
                book.friends = [*(known for known in book.friends if known != one.friend), one.friend][-FRIENDS:]
                yield grant, one.held
        self.set_due(book)


def friend_key(shopper: str) -> int:
    """What a referrer's record knows a friend by."""
    return xxhash.xxh3_64_intdigest(shopper.encode())


def _side(bonus: Bonus) -> int:
    """The friend's side of a rule, among the keys of rules."""
    return xxhash.xxh32_intdigest(f"friend {bonus.key}".encode())
