"""The points ledger: what orders earn, and what refunds, cancellations and new prices take back (readings.md, 40, 41).

What becomes of points after that is told by account.py.
"""

from typing import Any

from pipeline.domain.commerce.order import CANCELLED, COMPLETED, DUPLICATE, REFUNDED, UPDATED, OrderChange
from pipeline.domain.commerce.pricing import (
    GIFT_CARDS,
    Pricing,
    is_gift_card,
    line_amount,
    line_key,
    products_of,
    quantity_of,
)
from pipeline.domain.decision import Moment
from pipeline.domain.loyalty.account import Accounts, bounded
from pipeline.domain.loyalty.lot import LINES, asked_for, carry_returns, find_lot
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Lot, Order, Standing
from pipeline.domain.value.number import MICRO


class Ledger:
    """The ledger of one programme: what order events do to its accounts."""

    __slots__ = ("_accounts", "_gift_cards_earn", "_multipliers", "_pricing", "_rules")

    def __init__(self, programme: ProgrammeDefinition, pricing: Pricing, accounts: Accounts) -> None:
        self._pricing = pricing
        self._accounts = accounts
        self._rules = [(rule.points, rule.per, frozenset(rule.exclude)) for rule in programme.earn]
        self._multipliers = [level.multiplier for level in programme.levels] or [MICRO]
        self._gift_cards_earn = any(GIFT_CARDS not in exclude for _, _, exclude in self._rules)

    def book(
        self,
        standing: Standing,
        change: OrderChange,
        level: int,
        properties: dict[str, Any],
        moment: Moment,
        *,
        held: bool = False,
    ) -> None:
        """Post what `change` earns or takes back. level: of the shopper before the order, for its multiplier.
        properties: of the event that brought the change; a refund that waited for its order needs none. held: what
        the order earns waits until `release` or `take_back`."""
        order = change.order
        if order is None:
            return
        if change.kind == COMPLETED:
            if not order.cancelled:
                self._earn(standing, change, order, level, properties, moment, held)
            return
        lot = find_lot(standing, order)
        if lot is None:
            return
        if change.kind in (REFUNDED, CANCELLED):
            self._accounts.take_back(standing, lot, asked_for(lot, change, order), change.order_id, moment)
        elif change.kind == UPDATED or (change.kind == DUPLICATE and change.money):
            self._adjust(standing, lot, change, order, properties, moment)
        elif change.kind == DUPLICATE and not lot.lines and not lot.reversed:
            lot.lines = self._lines(properties, lot.points)

    def _earn(
        self,
        standing: Standing,
        change: OrderChange,
        order: Order,
        level: int,
        properties: dict[str, Any],
        moment: Moment,
        held: bool,
    ) -> None:
        points, eligible = self._worth(properties, order.value, level, moment)
        lot = Lot(order.key, order.time, points, 0, eligible, level)
        lot.lines = self._lines(properties, points)
        if not lot.lines and len(products_of(properties)) > LINES:
            moment.remarks.append("order_line_limit")
        self._accounts.new_lot(standing, lot)
        self._accounts.receive(standing, lot, "confirmed", change.order_id, moment, held=held)

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
        before = lot.points - lot.reversed - lot.forgone
        lot.points, lot.eligible = self._worth(properties, order.value, lot.level, moment)
        lot.reversed = min(lot.reversed, lot.points)
        lot.forgone = min(lot.forgone, lot.points - lot.reversed)
        lines = self._lines(properties, lot.points)
        if lines:
            carry_returns(lot.lines, lines)
        lot.lines = lines
        self._accounts.move(standing, lot, lot.points - lot.reversed - lot.forgone - before, change.order_id, moment)

    def _worth(self, properties: dict[str, Any], value: int, level: int, moment: Moment) -> tuple[int, int]:
        """(points, eligible amount): rounded down once, over all rules together. Remark: `points_limit`."""
        numerator, denominator, largest = 0, 1, 0
        for points, per, exclude in self._rules:
            eligible = self._pricing.eligible(properties, exclude, value)
            numerator = numerator * per + points * eligible * denominator
            denominator *= per
            largest = max(largest, eligible)
        multiplier = self._multipliers[min(level, len(self._multipliers) - 1)]
        return bounded(numerator * multiplier // (denominator * MICRO * MICRO), moment), largest

    def _lines(self, properties: dict[str, Any], points: int) -> list[int]:
        """Share points among the lines by amount: largest remainder, ties to the first line; empty without prices."""
        products = products_of(properties) if points > 0 else []
        if len(products) > LINES:
            return []
        amounts = [self._earning_amount(product) for product in products]
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
