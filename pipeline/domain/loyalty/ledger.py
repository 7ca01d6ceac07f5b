"""The points ledger: what orders earn, and what refunds, cancellations and new prices take back (readings.md, 40, 41).

Every order that a programme takes has one lot, also if it earned nothing: a refund may come at any age. A lot is some
30 bytes, and there are no more of them than orders (order_book.py); lines (10 bytes each) are kept of the
LOTS_WITH_LINES latest orders.
"""

from bisect import bisect_left, insort
from typing import Any

import xxhash

from pipeline.domain.commerce.order import CANCELLED, COMPLETED, DUPLICATE, REFUNDED, UPDATED, OrderChange
from pipeline.domain.commerce.order_book import ORDERS
from pipeline.domain.commerce.pricing import (
    GIFT_CARDS,
    Pricing,
    is_gift_card,
    line_amount,
    line_key,
    products_of,
    quantity_of,
)
from pipeline.domain.decision import LOYALTY_POINTS, Moment
from pipeline.domain.loyalty.bonus import Grant
from pipeline.domain.loyalty.rates import Rates, Worth
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Lot, Order, Standing
from pipeline.domain.value.number import MICRO

# A refund by lines of an older order is taken pro rata of its amount; wholesalers' orders, of hundreds of products, are
# older once the lines of all orders would be more than these.
LOTS_WITH_LINES = 100
LINES_IN_ALL = 20_000
# Nor are lines kept of an order of more products, which is counted as `order_line_limit`. The longest of Online Retail
# has 1,114.
LINES = 2_000
# The level of lots that are bonuses.
BONUS = -1
# Fields of one line in Lot.lines.
_WIDTH = 4


class Ledger:
    """The ledger of one programme. Balance = sum of its entries; what an order lost never exceeds what it earned."""

    __slots__ = ("_gift_cards_earn", "_multipliers", "_programme", "_rates")

    def __init__(self, programme: ProgrammeDefinition, pricing: Pricing) -> None:
        self._programme = programme
        rates = [rule for rule in programme.earn if rule.per]
        self._rates = Rates(rates, pricing)
        self._multipliers = [level.multiplier for level in programme.levels] or [MICRO]
        self._gift_cards_earn = any(GIFT_CARDS not in rule.exclude for rule in rates)

    def book(
        self, standing: Standing, change: OrderChange, level: int, properties: dict[str, Any], moment: Moment
    ) -> None:
        """Post what `change` earns or takes back. level: of the shopper before the order, for its multiplier.
        properties: of the event that brought the change; a refund that waited for its order needs none."""
        order = change.order
        if order is None:
            return
        if change.kind == COMPLETED:
            if not order.cancelled:
                self._earn(standing, change, order, level, properties, moment)
            return
        lot = find_lot(standing, order)
        if lot is None:
            return
        if change.kind in (REFUNDED, CANCELLED):
            self._reverse(standing, lot, change, order, moment)
        elif change.kind == UPDATED or (change.kind == DUPLICATE and change.money):
            self._adjust(standing, lot, change, order, properties, moment)
        elif change.kind == DUPLICATE and not lot.lines and not lot.reversed:
            lot.lines = self._lines(properties, lot.points)

    def bonus(self, standing: Standing, grant: Grant, order_id: str | None, moment: Moment) -> int:
        """Post a bonus, confirmed at once; the number of its lot."""
        standing.lots_taken += 1
        key = xxhash.xxh3_64_intdigest(f"bonus {standing.lots_taken}".encode())
        lot = Lot(key, grant.at, grant.points, level=BONUS, number=standing.lots_taken)
        insort(standing.lots, lot, key=_position)
        self._post(standing, "bonus", grant.points, lot, order_id, moment)
        return lot.number

    def take_back(self, standing: Standing, number: int, order_id: str, moment: Moment) -> None:
        """Reverse what is left of a bonus."""
        for lot in standing.lots:
            if lot.number == number:
                left = lot.points - lot.reversed
                lot.reversed = lot.points
                self._post(standing, "reversed", -left, lot, order_id, moment)

    def _earn(
        self,
        standing: Standing,
        change: OrderChange,
        order: Order,
        level: int,
        properties: dict[str, Any],
        moment: Moment,
    ) -> None:
        worth = self._worth(standing, order, level, properties, moment)
        points = worth.points
        standing.lots_taken += 1
        lot = Lot(order.key, order.time, points, 0, worth.eligible, level, standing.lots_taken)
        lot.lines = self._lines(properties, points, worth.weights)
        if not lot.lines and len(products_of(properties)) > LINES:
            moment.remarks.append("order_line_limit")
        lots = standing.lots
        if not lots or _position(lots[-1]) < _position(lot):
            lots.append(lot)
        else:
            insort(lots, lot, key=_position)
        if len(lots) > ORDERS:
            del lots[0]
        _forget_lines(lots)
        self._post(standing, "confirmed", points, lot, change.order_id, moment)

    def _reverse(self, standing: Standing, lot: Lot, change: OrderChange, order: Order, moment: Moment) -> None:
        points = _reversal(lot, change, order)
        lot.reversed += points
        if lot.reversed == lot.points:
            lot.lines = []
        self._post(standing, "reversed", -points, lot, change.order_id, moment)

    def _adjust(
        self,
        standing: Standing,
        lot: Lot,
        change: OrderChange,
        order: Order,
        properties: dict[str, Any],
        moment: Moment,
    ) -> None:
        """Earn anew at the multiplier that the order had; what was taken back stays taken."""
        if order.cancelled:
            return
        before = lot.points - lot.reversed
        worth = self._worth(standing, order, lot.level, properties, moment)
        lot.points, lot.eligible = worth.points, worth.eligible
        lot.reversed = min(lot.reversed, lot.points)
        lines = self._lines(properties, lot.points, worth.weights)
        if lines:
            _carry_returns(lot.lines, lines)
            lot.lines = lines
        else:
            lot.lines = []
        self._post(standing, "adjusted", lot.points - lot.reversed - before, lot, change.order_id, moment)

    def _worth(self, standing: Standing, order: Order, level: int, properties: dict[str, Any], moment: Moment) -> Worth:
        """Remark: `points_limit`."""
        multiplier = self._multipliers[min(level, len(self._multipliers) - 1)]
        book = standing.bonuses
        first = book is not None and book.first == order.key
        return self._rates.worth(properties, order.value, order.time, multiplier, first, moment)

    def _lines(self, properties: dict[str, Any], points: int, weights: list[int] | None = None) -> list[int]:
        """Share points among the lines by weight, else by amount: largest remainder, ties to the first line; empty
        without prices."""
        products = products_of(properties) if points > 0 else []
        if len(products) > LINES:
            return []
        amounts = weights or [self._earning_amount(product) for product in products]
        total = sum(amounts)
        if not total:
            return []
        shares = [points * amount // total for amount in amounts]
        short = points - sum(shares)
        if short:
            for index in sorted(range(len(amounts)), key=lambda i: -(points * amounts[i] % total))[:short]:
                shares[index] += 1
        lines: list[int] = []
        for product, share in zip(products, shares, strict=True):
            lines += (line_key(product), quantity_of(product), share, 0)
        return lines

    def _earning_amount(self, product: dict[str, Any]) -> int:
        return 0 if is_gift_card(product) and not self._gift_cards_earn else line_amount(product)

    def _post(
        self, standing: Standing, entry: str, points: int, lot: Lot, order_id: str | None, moment: Moment
    ) -> None:
        if points == 0:
            return
        standing.earned += points
        standing.balance += points
        standing.entries += 1
        moment.decide(
            LOYALTY_POINTS,
            f"loyalty.points.{entry}",
            self._programme.identity,
            (self._programme.name, standing.entries),
            {
                "programme": self._programme.name,
                "entry": entry,
                "points": points,
                "balance": standing.balance,
                "pending": 0,
                "lot": f"{lot.order:016x}",
                "order_id": order_id,
                "expires_at": None,
            },
        )


def find_lot(standing: Standing, order: Order) -> Lot | None:
    """The order's lot; None if it came before the shopper was in the programme."""
    where = bisect_left(standing.lots, (order.time, order.key), key=_position)
    if where < len(standing.lots) and standing.lots[where].order == order.key:
        return standing.lots[where]
    return None


def _position(lot: Lot) -> tuple[int, int]:
    return lot.time, lot.order


def _reversal(lot: Lot, change: OrderChange, order: Order) -> int:
    """Points that a refund takes: by its lines, else the part of the eligible amount refunded so far, rounded down,
    less what was taken before. Never more than the lot has left."""
    left = lot.points - lot.reversed
    if change.whole:
        return left
    if change.lines and lot.lines:
        taken = _return_lines(lot.lines, change.lines)
        if taken is not None:
            return min(left, taken)
    if not lot.eligible:
        return 0
    so_far = lot.points * min(order.refunded, lot.eligible) // lot.eligible
    return min(left, max(0, so_far - lot.reversed))


def _return_lines(lines: list[int], returned: list[int]) -> int | None:
    """Points of the returned pieces, each line's rounded down cumulatively; None if none of them was bought."""
    points, found = 0, False
    for at in range(0, len(returned), 2):
        key, pieces = returned[at], returned[at + 1]
        for line in range(0, len(lines), _WIDTH):
            if lines[line] != key:
                continue
            found = True
            quantity, share, before = lines[line + 1 : line + _WIDTH]
            now = min(quantity, before + pieces)
            if now > before:
                points += share * now // quantity - share * before // quantity
                pieces -= now - before
                lines[line + 3] = now
    return points if found else None


def _carry_returns(old: list[int], new: list[int]) -> None:
    returned = [number for at in range(0, len(old), _WIDTH) for number in (old[at], old[at + 3])]
    _return_lines(new, returned)


def _forget_lines(lots: list[Lot]) -> None:
    """Of all but the latest orders, see LOTS_WITH_LINES."""
    if len(lots) > LOTS_WITH_LINES:
        lots[-1 - LOTS_WITH_LINES].lines = []
    kept = 0
    for lot in reversed(lots[-LOTS_WITH_LINES:]):
        kept += len(lot.lines) // _WIDTH
        if kept > LINES_IN_ALL:
            lot.lines = []
