"""Order events: what a shopper bought, net of refunds and cancellations, each order once (readings.md, 22-25)."""

from collections.abc import Sequence
from typing import Any

import msgspec
import xxhash

from pipeline.domain.commerce.early_update import keep_update, take_update
from pipeline.domain.commerce.order_book import find_order, insert, is_settled, net_value, remove, settle
from pipeline.domain.commerce.pricing import Pricing, line_key, products_of, quantity_of
from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order, Parked
from pipeline.domain.value.instant import DAY
from pipeline.domain.value.money import Exchange

ORDER_COMPLETED = "Order Completed"
ORDER_UPDATED = "Order Updated"
ORDER_CANCELLED = "Order Cancelled"
ORDER_REFUNDED = "Order Refunded"
ORDER_EVENTS = frozenset({ORDER_COMPLETED, ORDER_UPDATED, ORDER_CANCELLED, ORDER_REFUNDED})

COMPLETED = "completed"
DUPLICATE = "duplicate"
UPDATED = "updated"
CANCELLED = "cancelled"
REFUNDED = "refunded"
PARKED = "parked"
IGNORED = "ignored"

# How long a refund waits for its order (readings.md, 23).
PARKED_FOR = 30 * DAY
# Refunds that wait at the same time; with more, the oldest is given up as `refund_unmatched`.
PARKED_LIMIT = 100
# Lines kept of a refund; one with more is taken by its amount, and counted as `order_line_limit`.
LINES = 200
# Characters of an order id that is kept with what waits; entries of that are without a longer one.
LONGEST = 64
# Minor units of an order or a refund. What is more is no amount of a shop, and sums of it would outgrow 64 bits; it is
# taken for this much, and counted as `amount_limit`.
MOST = 10**15
# Refunds known one by one, so that a copy of one counts for nothing; beyond that the oldest is no longer known.
REFUNDS = 10_000


class OrderChange(msgspec.Struct, gc=False):
    """What an event did to one order. Amounts: minor units of the shop's currency.

    kind: `completed` (the first time; a cancelled order stays cancelled), `duplicate` (a further copy of a completed
    order, or an order as old as those that are forgotten, which may be one), `updated`, `cancelled`, `refunded`,
    `parked` (a refund that waits for its order), `ignored` (counts for nothing, as a repeated refund). order: None if
    it is unknown. money: how the order's net value moved. refund: fingerprint of the refund, 0 = none. lines: the
    refunded (line fingerprint, quantity), flat. whole: all that was left was given back. told: what the update said
    that had overtaken a completed order, and gives it its price.
    """

    kind: str
    order: Order | None
    order_id: str
    money: int = 0
    refund: int = 0
    lines: list[int] = []
    whole: bool = False
    told: dict[str, Any] | None = None

    @property
    def completes(self) -> bool:
        """Whether an order that counts was there for the first time: one cancelled beforehand counts for nothing."""
        return self.kind == COMPLETED and self.order is not None and not self.order.cancelled


def first_completed(changes: Sequence[OrderChange]) -> OrderChange | None:
    """The first that completes an order."""
    for change in changes:
        if change.completes:
            return change
    return None


class Orders:
    """Folds order events into `Shopper.orders`, sorted by (time, key), and the refunds that wait for an order."""

    __slots__ = ("_keeps_updates", "_pricing")

    def __init__(self, plan: Plan) -> None:
        self._keeps_updates = any(rule.per for programme in plan.programmes for rule in programme.earn)
        self._pricing = Pricing(Exchange(plan.currency, plan.rates))

    def fold(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> list[OrderChange]:
        """Take one event of ORDER_EVENTS, however late; the changes in order of cause, at least one.

        An order that arrives is followed by the refunds that waited for it. Remarks: `unknown_currency`,
        `order_without_id`, `refund_without_amount`, `amount_limit`, `order_limit`, `refund_limit`, `update_limit`.
        """
        changes = self._take(shopper, event, properties, moment)
        settle(shopper, moment)
        return changes

    def _take(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> list[OrderChange]:
        order_id = identifier(properties.get("order_id"))
        if event.name == ORDER_COMPLETED:
            return self._complete(shopper, event, properties, moment, order_id or event.message_id)
        if not order_id:
            moment.remarks.append("order_without_id")
            return [OrderChange(IGNORED, None, "")]
        if event.name == ORDER_REFUNDED:
            return [self._refund(shopper, event, properties, moment, order_id)]
        if event.name == ORDER_CANCELLED:
            return [self._cancel(shopper, event, order_id)]
        return [self._update(shopper, event, properties, moment, order_id)]

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        """Give up the refunds whose order did not come; one remark `refund_unmatched` each."""
        if 0 < shopper.orders_due <= moment.now:
            for parked in shopper.parked:
                if parked.due <= moment.now:
                    moment.remarks.append("refund_unmatched")
            keep_parked(shopper, [parked for parked in shopper.parked if parked.due > moment.now])

    def _complete(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment, order_id: str
    ) -> list[OrderChange]:
        key = order_key(order_id)
        order = find_order(shopper, key)
        if order is not None and order.completed:
            before = net_value(order)
            if order.priced is None:
                self._price(order, event, properties, moment)
            return [OrderChange(DUPLICATE, order, order_id, net_value(order) - before)]
        if order is None:
            if is_settled(shopper, event.time, key):
                moment.remarks.append("order_limit")
                return [OrderChange(DUPLICATE, None, order_id)]
            order = Order(key, event.time, 0, priced=None)
        else:
            remove(shopper, order)
            if order.priced is not None:
                order.priced += order.time - event.time
            order.time = event.time
            order.completed = True
        told = take_update(shopper, key)
        if order.priced is None or order.priced < 0:
            told = None if self._price(order, event, properties, moment) else told
        insert(shopper, order)
        changes = [OrderChange(COMPLETED, order, order_id, net_value(order), told=told)]
        if shopper.parked:
            changes += apply_parked(shopper, order, order_id)
        return changes

    def _update(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment, order_id: str
    ) -> OrderChange:
        """Re-price. An update that overtakes its order leaves its price behind for it; the latest event time wins."""
        order = find_order(shopper, order_key(order_id))
        if order is None:
            order = Order(order_key(order_id), event.time, 0, completed=False, priced=None)
            insert(shopper, order)
        before = net_value(order)
        overtaken = order.priced is not None and order.priced > event.time - order.time
        if overtaken or not self._price(order, event, properties, moment):
            return OrderChange(IGNORED, order, order_id)
        if self._keeps_updates and not order.completed:
            keep_update(shopper, order.key, event.properties, moment)
        return OrderChange(UPDATED, order, order_id, net_value(order) - before)

    def _cancel(self, shopper: Shopper, event: Event, order_id: str) -> OrderChange:
        key = order_key(order_id)
        order = find_order(shopper, key)
        if order is None:
            insert(shopper, Order(key, event.time, 0, cancelled=True, completed=False, priced=None))
            _drop_parked(shopper, key)
            return OrderChange(IGNORED, None, order_id)
        if order.cancelled:
            return OrderChange(IGNORED, order, order_id)
        money = -net_value(order)
        order.cancelled = True
        _drop_parked(shopper, key)
        return OrderChange(CANCELLED, order, order_id, money, whole=True)

    def _refund(
        self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment, order_id: str
    ) -> OrderChange:
        key = order_key(order_id)
        order = find_order(shopper, key)
        refund = refund_key(order_id, identifier(properties.get("refund_id")), event.message_id)
        if refund in shopper.refund_keys:
            return OrderChange(IGNORED, order, order_id)
        shopper.refund_keys.append(refund)
        if len(shopper.refund_keys) > REFUNDS:
            moment.remarks.append("refund_limit")
            del shopper.refund_keys[0]
        amount, lines = self._refunded(properties, moment)
        if order is None or not (order.completed or order.cancelled):
            parked = Parked(key, moment.now + PARKED_FOR, refund, amount, lines, kept_id(order_id))
            if len(shopper.parked) >= PARKED_LIMIT:
                moment.remarks.append("refund_unmatched")
            keep_parked(shopper, [*shopper.parked[1 - PARKED_LIMIT :], parked])
            return OrderChange(PARKED, None, order_id, refund=refund, lines=lines)
        return _give_back(order, order_id, refund, amount, lines)

    def _refunded(self, properties: dict[str, Any], moment: Moment) -> tuple[int | None, list[int]]:
        """Amount (None = all that is left) and lines of a refund (readings.md, 24). A negative amount is read as the
        sum given back."""
        products = products_of(properties)
        lines: list[int] = []
        if len(products) > LINES:
            moment.remarks.append("order_line_limit")
        for product in products if len(products) <= LINES else ():
            lines += (line_key(product), quantity_of(product))
        amount = self._pricing.amount(properties)
        if amount is not None:
            return _bounded(abs(amount), moment), lines
        if not self._pricing.knows_currency(properties):
            moment.remarks.append("unknown_currency")
            return 0, lines
        if products:
            moment.remarks.append("refund_without_amount")
            return 0, lines
        return None, lines

    def _price(self, order: Order, event: Event, properties: dict[str, Any], moment: Moment) -> bool:
        """Take the event's amount; False if it tells none."""
        amount = self._pricing.amount(properties)
        if amount is None:
            if not self._pricing.knows_currency(properties):
                moment.remarks.append("unknown_currency")
            return False
        order.value = _bounded(max(0, amount), moment)
        order.refunded = min(order.refunded, order.value)
        order.priced = event.time - order.time
        return True


def _bounded(amount: int, moment: Moment) -> int:
    if amount > MOST:
        moment.remarks.append("amount_limit")
        return MOST
    return amount


def identifier(raw: Any) -> str:
    """An id as text, "" if there is none; numbers are taken as shops write them."""
    if isinstance(raw, str):
        return raw
    if isinstance(raw, int) and not isinstance(raw, bool):
        return str(raw)
    return ""


def kept_id(order_id: str) -> str:
    """ "" of one that is too long to be kept."""
    return order_id if len(order_id) <= LONGEST else ""


def order_key(order_id: str) -> int:
    """64-bit fingerprint of an order id, the same on every machine."""
    return xxhash.xxh3_64_intdigest(order_id.encode())


def refund_key(order_id: str, refund_id: str, message_id: str) -> int:
    """64-bit fingerprint of a refund: its `refund_id` within its order (many shops number refunds per order), else the
    message's id."""
    identity = f"refund\x00{order_id}\x00{refund_id}" if refund_id else f"message\x00{message_id}"
    return xxhash.xxh3_64_intdigest(identity.encode())


def _give_back(order: Order, order_id: str, refund: int, amount: int | None, lines: list[int]) -> OrderChange:
    if order.cancelled:
        return OrderChange(IGNORED, order, order_id, refund=refund)
    left = order.value - order.refunded
    given = left if amount is None else min(amount, left)
    order.refunded += given
    return OrderChange(REFUNDED, order, order_id, -given, refund, lines, whole=amount is None)


def apply_parked(shopper: Shopper, order: Order, order_id: str = "") -> list[OrderChange]:
    """What the refunds do that waited for this order. order_id: if the event tells it; else they do themselves."""
    waiting = [parked for parked in shopper.parked if parked.order == order.key]
    _drop_parked(shopper, order.key)
    return [
        _give_back(order, order_id or parked.order_id, parked.refund, parked.amount, parked.lines) for parked in waiting
    ]


def _drop_parked(shopper: Shopper, key: int) -> None:
    if shopper.parked:
        keep_parked(shopper, [parked for parked in shopper.parked if parked.order != key])


def keep_parked(shopper: Shopper, parked: list[Parked]) -> None:
    """Have these refunds wait, and no others."""
    shopper.parked = parked
    shopper.orders_due = min((one.due for one in parked), default=0)
