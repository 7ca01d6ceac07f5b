"""The standings of two records of one person in one programme: the ledgers put together (semantics.md, part 2)."""

from collections.abc import Iterable

from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.commerce.order_book import leading
from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.entry import Entries
from pipeline.domain.loyalty.limit import SPARE, rule_key
from pipeline.domain.loyalty.lot import add_lot, standing_points
from pipeline.domain.loyalty.lot_block import is_of, thaw_lots
from pipeline.domain.loyalty.purse import PART, purse_of, put_back, take, thaw_holdings
from pipeline.domain.loyalty.redemption import REDEMPTIONS
from pipeline.domain.loyalty.waiting import held_points, wait, waiting_points
from pipeline.domain.loyalty_definition import EarnRule
from pipeline.domain.shopping import Lot, Purse, Standing
from pipeline.domain.value.instant import soonest

MERGE = "merge"
"""The entry that moves points from one record to the other: one of what may be spent, one of what is pending."""

Numbers = dict[int, int]


class Ledgers:
    """Puts two ledgers of one programme together. An order of both has earned once: by the lot of the shopper's own."""

    __slots__ = ("_entries", "_rules")

    def __init__(self, entries: Entries, rules: Iterable[EarnRule]) -> None:
        self._entries = entries
        self._rules = {rule_key(rule): rule for rule in rules if not rule.per}

    def join(self, standing: Standing, other: Standing, moment: Moment) -> None:
        """Take in the lots of `other`, under numbers of their own, and the points that are left of them."""
        for each in (standing, other):
            thaw_lots(each)
            thaw_holdings(each)
        doubles = _doubles(standing, other)
        double = {lot.number for lot in doubles}
        numbers: Numbers = {0: 0}
        # In order of booking, in which they are released and taken.
        for lot in sorted(other.lots, key=lambda one: one.number):
            if lot.number not in double:
                standing.lots_taken += 1
                numbers[lot.number] = lot.number = standing.lots_taken
                add_lot(standing, lot)
        held = held_points(other)
        standing.earned += other.earned - sum(one.points - one.reversed - held.get(one.number, 0) for one in doubles)
        purse = other.purse or Purse()
        pending = self._join_waiting(standing, purse, doubles, numbers)
        balance = other.balance - min(_usable(other, doubles), max(0, other.balance))
        self._move(standing, purse, balance, numbers)
        self._entries.post(standing, MERGE, balance, moment, balance=balance)
        self._entries.post(standing, MERGE, pending, moment, pending=pending)
        self._join_redemptions(standing, purse, numbers)
        if other.bonuses is not None:
            self._join_bonuses(standing, other.bonuses, numbers)

    def leave(self, standing: Standing, moment: Moment) -> None:
        """The points are another record's from now on."""
        balance, pending = standing.balance, standing.purse.pending if standing.purse is not None else 0
        self._entries.post(standing, MERGE, -balance, moment, balance=-balance)
        self._entries.post(standing, MERGE, -pending, moment, pending=-pending)

    def _join_waiting(self, standing: Standing, purse: Purse, doubles: list[Lot], numbers: Numbers) -> int:
        """Points of `other` that are pending and no double's."""
        double, pending = {lot.number for lot in doubles}, 0
        for waiting in purse.waiting:
            if waiting.number not in double:
                waiting.number = numbers.get(waiting.number, 0)
                wait(standing, waiting)
                pending += waiting.points
        return pending

    def _move(self, standing: Standing, purse: Purse, balance: int, numbers: Numbers) -> None:
        """What may be spent of `other`, `balance` in all, into the standing's purse; a debt is paid from there."""
        if balance < 0:
            take(standing, -balance)
            return
        parts: list[tuple[int | None, int, int, int]] = []
        for one in purse.holdings:
            points = min(one.left, balance) if one.number in numbers else 0
            if points:
                parts.append((one.expires, one.time, numbers[one.number], points))
                balance -= points
        put_back(standing, [*parts, (None, 0, 0, balance)] if balance else parts)

    def _join_redemptions(self, standing: Standing, purse: Purse, numbers: Numbers) -> None:
        if not (purse.redemptions or purse.rewards or purse.active):
            return
        ours = purse_of(standing)
        for redemption in purse.redemptions:
            parts = redemption.parts
            for at in range(2, len(parts), PART):
                parts[at] = numbers.get(parts[at], 0)
        known = {one.key for one in ours.redemptions}
        ours.redemptions = [*(one for one in purse.redemptions if one.key not in known), *ours.redemptions]
        del ours.redemptions[:-REDEMPTIONS]
        ours.rewards = list(dict.fromkeys((*ours.rewards, *purse.rewards)))
        ours.active = max(ours.active, purse.active)

    def _join_bonuses(self, standing: Standing, other: BonusBook, numbers: Numbers) -> None:
        """What limits count is that of both; of days, and of signs of fraud, the shopper's own stand."""
        book = standing.bonuses
        if book is None:
            book = standing.bonuses = BonusBook()
        for key, granted in other.granted.items():
            limit, ours = self._rules[key].limit if key in self._rules else None, book.granted.get(key, [])
            if limit is None or not ours:
                book.granted[key] = ours or granted
            elif limit.within is None:
                book.granted[key] = [ours[0] + granted[0]]
            else:
                book.granted[key] = sorted((*ours, *granted))[-(limit.times + SPARE) :]
        for key, end in other.missions.items():
            book.missions[key] = max(end, book.missions.get(key, 0))
        book.days = {**other.days, **book.days}
        book.first = book.first or other.first
        book.joined = soonest(book.joined, other.joined)
        if not book.waiting:
            book.waiting, book.introduced = other.waiting, other.introduced
        known = {(one.friend, one.rule) for one in book.expected}
        book.expected += [one for one in other.expected if (one.friend, one.rule) not in known]
        book.friends = list(dict.fromkeys((*other.friends, *book.friends)))
        for at in range(0, len(other.of_orders), 3):
            order, time, number = other.of_orders[at : at + 3]
            if number in numbers:
                book.of_orders += (order, time, numbers[number])
        book.recent, book.refunds = book.recent or other.recent, book.refunds or other.refunds
        book.origins = {**other.origins, **book.origins}


def _doubles(standing: Standing, other: Standing) -> list[Lot]:
    """Lots of `other` for orders that the shopper has been given points for, bonuses of such orders with them."""
    known = {leading(lot.order): lot for lot in standing.lots}
    given = {order for order, _ in _bonus_lots(standing)} | {lot.order for lot in standing.lots}
    again = {number for order, number in _bonus_lots(other) if order in given}
    return [
        lot
        for lot in other.lots
        if lot.number in again or (leading(lot.order) in known and is_of(known[leading(lot.order)], lot.order))
    ]


def _bonus_lots(standing: Standing) -> list[tuple[int, int]]:
    """(order, lot number) of bonuses of orders."""
    of_orders = standing.bonuses.of_orders if standing.bonuses is not None else []
    return [(of_orders[at], of_orders[at + 2]) for at in range(0, len(of_orders), 3)]


def _usable(other: Standing, doubles: list[Lot]) -> int:
    """Points of these lots that are in the balance."""
    waiting = waiting_points(other)
    return sum(standing_points(lot) - waiting.get(lot.number, 0) for lot in doubles)
