"""The points ledger: what orders earn, and what refunds, cancellations and new prices take back (readings.md, 40, 41).

What becomes of points after that is told by account.py.
"""

from collections.abc import Callable
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
from pipeline.domain.loyalty.account import Accounts
from pipeline.domain.loyalty.evidence import give_evidence
from pipeline.domain.loyalty.lot import LINES, asked_for, carry_returns, find_lot
from pipeline.domain.loyalty.rates import Rates, Worth
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Lot, Order, Standing
from pipeline.domain.value.number import MICRO
from pipeline.domain.value.share import shares


class Ledger:
    """The ledger of one programme: what order events do to its accounts."""

    __slots__ = ("_accounts", "_evidence", "_gift_cards_earn", "_multipliers", "_pricing", "_rates")

    def __init__(self, programme: ProgrammeDefinition, pricing: Pricing, accounts: Accounts) -> None:
        rates = [rule for rule in programme.earn if rule.per]
        self._accounts = accounts
        self._pricing = pricing
        self._evidence = programme.evidence
        self._rates = Rates(rates, pricing, evidence=programme.evidence)
        self._multipliers = [level.multiplier for level in programme.levels] or [MICRO]
        self._gift_cards_earn = any(GIFT_CARDS not in rule.exclude for rule in rates)

    def book(
        self,
        standing: Standing,
        change: OrderChange,
        level: int,
        properties: dict[str, Any],
        moment: Moment,
        *,
        hold: Callable[[int], bool] | None = None,
    ) -> None:
        """Post what `change` earns or takes back. level: of the shopper before the order, for its multiplier.
        properties: of the event that brought the change; a refund that waited for its order needs none. hold: asked
        of the points that the order, or a new price, earns whether they are held."""
        order = change.order
        if order is None:
            return
        if change.kind == COMPLETED:
            if not order.cancelled:
                self._earn(standing, change, order, level, change.told or properties, moment, hold)
            return
        lot = find_lot(standing, order)
        if lot is None:
            return
        if change.kind in (REFUNDED, CANCELLED):
            self._accounts.take_back(standing, lot, asked_for(lot, change, order), change.order_id, moment)
        elif change.kind == UPDATED or (change.kind == DUPLICATE and change.money):
            self._adjust(standing, lot, change, order, properties, moment, hold)
        elif change.kind == DUPLICATE and not lot.lines and not lot.reversed:
            worth = self._worth(standing, order, lot.level, properties, moment)
            lot.lines = self._lines(properties, lot.points, worth.weights)

    def _earn(
        self,
        standing: Standing,
        change: OrderChange,
        order: Order,
        level: int,
        properties: dict[str, Any],
        moment: Moment,
        hold: Callable[[int], bool] | None,
    ) -> None:
        worth = self._worth(standing, order, level, properties, moment)
        lot = Lot(order.key, order.time, worth.points, 0, worth.eligible, level)
        lot.lines = self._lines(properties, worth.points, worth.weights)
        if not lot.lines and len(products_of(properties)) > LINES:
            moment.remarks.append("order_line_limit")
        self._accounts.new_lot(standing, lot)
        held = hold is not None and lot.points > 0 and hold(lot.points)
        told = len(moment.decisions)
        self._accounts.receive(standing, lot, "confirmed", change.order_id, moment, held=held)
        if self._evidence:
            exchange = self._pricing.exchange_of(properties)
            give_evidence(moment.decisions[told:], worth.parts, exchange)

    def _adjust(
        self,
        standing: Standing,
        lot: Lot,
        change: OrderChange,
        order: Order,
        properties: dict[str, Any],
        moment: Moment,
        hold: Callable[[int], bool] | None,
    ) -> None:
        """Earn anew at the multiplier that the order had; what was taken back stays taken."""
        if order.cancelled:
            return
        worth = self._worth(standing, order, lot.level, properties, moment)
        lot.eligible = worth.eligible
        lines = self._lines(properties, worth.points, worth.weights)
        if lines:
            carry_returns(lot.lines, lines)
        lot.lines = lines
        self._accounts.reprice(standing, lot, worth.points, change.order_id, moment, hold)

    def _worth(self, standing: Standing, order: Order, level: int, properties: dict[str, Any], moment: Moment) -> Worth:
        """Remark: `points_limit`."""
        multiplier = self._multipliers[min(level, len(self._multipliers) - 1)]
        book = standing.bonuses
        first = book is not None and book.first == order.key
        return self._rates.worth(properties, order.value, order.time, multiplier, first, moment)

    def _lines(self, properties: dict[str, Any], points: int, weights: list[int]) -> list[int]:
        """Share points among the lines by weight, else by amount: largest remainder, ties to the first line; empty
        without prices."""
        products = products_of(properties) if points > 0 else []
        if not products or len(products) > LINES:
            return []
        amounts = weights or [self._earning_amount(product) for product in products]
        if not any(amounts):
            return []
        lines: list[int] = []
        for product, share in zip(products, shares(points, amounts), strict=True):
            lines += (line_key(product), quantity_of(product), share, 0)
        return lines

    def _earning_amount(self, product: dict[str, Any]) -> int:
        return 0 if is_gift_card(product) and not self._gift_cards_earn else line_amount(product)
