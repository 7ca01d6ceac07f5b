"""Orders of a shopper, folded anew from the whole history (readings.md, 22 to 25)."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.history import Record
from tests.oracle.sides import folded
from tests.oracle.values import DAY, Shop, number

PARKED_FOR = 30 * DAY
# docs/rules.md, `amount_limit`: minor units.
MOST = 10**15


@dataclass
class Order:
    """value, refunded: minor units; priced False: no rate for its currency. refunds: records taken, in order.

    completed None: known only by its cancellation.
    """

    order_id: str
    completed: Record | None = None
    value: int = 0
    priced: bool = True
    refunded: int = 0
    cancelled: bool = False
    refunds: list[Record] = field(default_factory=list)
    updated: Record | None = None

    @property
    def counts(self) -> bool:
        return self.completed is not None and not self.cancelled

    @property
    def time(self) -> int:
        assert self.completed is not None
        return self.completed.time

    @property
    def net(self) -> int:
        return max(self.value - self.refunded, 0)


def product_key(product: dict[str, Any]) -> tuple[str, str] | None:
    """wire-format.md, part 4: product_id, else sku; the variant apart."""
    name = product.get("product_id", product.get("sku"))
    return None if name is None else (str(name), str(product.get("variant") or ""))


def products_of(record: Record) -> list[dict[str, Any]]:
    listed = record.properties.get("products")
    return [one for one in listed if isinstance(one, dict)] if isinstance(listed, list) else []


def pieces(product: dict[str, Any]) -> int:
    found = number(product.get("quantity", 1))
    return int(found) if found is not None else 1


def amount(record: Record, shop: Shop) -> tuple[int | None, bool]:
    """What an order or refund says it is worth, minor units, None if it says nothing; and whether there is a rate."""
    currency = record.properties.get("currency")
    for name in ("total", "revenue", "value"):
        stated = record.properties.get(name)
        if number(stated) is not None:
            worth = shop.minor(stated, currency)
            return (None if worth is None else min(worth, MOST)), worth is not None
    prices = [(one.get("price"), pieces(one)) for one in products_of(record) if number(one.get("price")) is not None]
    if not prices:
        return None, True
    total = sum((number(price) or 0) * times for price, times in prices)
    worth = shop.minor(str(total), currency)
    return worth, worth is not None


@dataclass
class Book:
    """All orders of one side, by id; refunds that wait for theirs, and what tells those that were seen."""

    shop: Shop
    orders: dict[str, Order] = field(default_factory=dict)
    parked: list[Record] = field(default_factory=list)
    refunds_seen: set[tuple[str, str]] = field(default_factory=set)

    def apply(self, record: Record) -> None:
        order_id, found = record.order_id, self.orders
        if record.name == "Order Completed":
            order = found.setdefault(order_id or record.message_id, Order(order_id or record.message_id))
            if order.completed is None:
                complete(order, record, self.shop)
                self.take_parked(order, record.received)
        elif record.name == "Order Updated" and order_id is not None:
            update(found.setdefault(order_id, Order(order_id)), record, self.shop)
        elif record.name == "Order Cancelled" and order_id is not None:
            found.setdefault(order_id, Order(order_id)).cancelled = True
        elif record.name == "Order Refunded" and order_id is not None:
            identity = _identity(record)
            if identity in self.refunds_seen:
                return
            self.refunds_seen.add(identity)
            if order_id in found and found[order_id].completed is not None:
                take_refund(found[order_id], record, self.shop)
            else:
                self.parked.append(record)

    def take_parked(self, order: Order, now: int) -> None:
        """Refunds that had waited for an order, not for too long."""
        for refund in [one for one in self.parked if one.order_id == order.order_id]:
            self.parked.remove(refund)
            if now - refund.received < PARKED_FOR:
                take_refund(order, refund, self.shop)

    def meet(self, other: "Book", record: Record) -> None:
        """Take in what another side knows; of an order of both, the first by event time counts."""
        for order_id, theirs in other.orders.items():
            ours = self.orders.get(order_id)
            self.orders[order_id] = theirs if ours is None else first_of(ours, theirs, self.shop)
        self.parked += [one for one in other.parked if _identity(one) not in self.refunds_seen]
        self.parked.sort(key=lambda one: one.index)
        self.refunds_seen |= other.refunds_seen
        for order in list(self.orders.values()):
            if order.completed is not None:
                self.take_parked(order, record.received)


def _identity(refund: Record) -> tuple[str, str]:
    return str(refund.order_id), str(refund.properties.get("refund_id", refund.message_id))


def first_of(ours: Order, theirs: Order, shop: Shop) -> Order:
    """What two sides know of one order: of what was refunded, the greater sum, as it may be the same refund."""
    first = ours if theirs.completed is None or (ours.completed is not None and ours.time <= theirs.time) else theirs
    second = theirs if first is ours else ours
    if second.completed is None and second.updated is not None:
        update(first, second.updated, shop)
    first.cancelled = ours.cancelled or theirs.cancelled
    first.refunded = min(first.value, max(ours.refunded, theirs.refunded))
    return first


def orders(records: list[Record], shop: Shop) -> dict[str, Order]:
    """All orders by id, as the records of one shopper, in the order they were received, make them."""
    return folded(records, lambda: Book(shop), Book.apply, Book.meet).orders


def complete(order: Order, record: Record, shop: Shop) -> None:
    order.completed = record
    worth, priced = amount(record, shop)
    # An order that states no amount leaves the price to what does.
    if order.updated is None or (order.updated.time < record.time and worth is not None):
        order.value, order.priced, order.updated = worth or 0, priced, None


def update(order: Order, record: Record, shop: Shop) -> None:
    """The latest by event time sets the price, also if it overtakes its order; what was refunded never exceeds it."""
    worth, priced = amount(record, shop)
    stated = order.completed is not None and amount(order.completed, shop) != (None, True)
    latest = order.updated or (order.completed if stated else None)
    if worth is None or not priced or (latest is not None and record.time < latest.time):
        return
    order.updated, order.value, order.priced = record, worth, True
    order.refunded = min(order.refunded, worth)


def take_refund(order: Order, refund: Record, shop: Shop) -> None:
    """Capped at what is left of the order; one that says nothing of money takes it all (readings.md, 24)."""
    worth, priced = amount(refund, shop)
    if worth is None:
        worth = order.value if priced else 0
    order.refunded = min(order.value, order.refunded + worth)
    order.refunds.append(refund)
