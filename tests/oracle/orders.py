"""Orders of a shopper, folded anew from the whole history (readings.md, 22 to 25)."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.history import Record
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


def orders(records: list[Record], shop: Shop) -> dict[str, Order]:
    """All orders by id, as the records of one shopper, in the order they were received, make them."""
    found: dict[str, Order] = {}
    parked: list[Record] = []
    refunds_seen: set[tuple[str, str]] = set()
    for record in records:
        order_id = record.order_id
        if record.name == "Order Completed":
            order = found.setdefault(order_id or record.message_id, Order(order_id or record.message_id))
            if order.completed is None:
                complete(order, record, shop)
                for refund in [one for one in parked if one.order_id == order_id]:
                    parked.remove(refund)
                    if record.received - refund.received < PARKED_FOR:
                        take_refund(order, refund, shop)
        elif record.name == "Order Updated" and order_id is not None:
            update(found.setdefault(order_id, Order(order_id)), record, shop)
        elif record.name == "Order Cancelled" and order_id is not None:
            found.setdefault(order_id, Order(order_id)).cancelled = True
        elif record.name == "Order Refunded" and order_id is not None:
            identity = (order_id, str(record.properties.get("refund_id", record.message_id)))
            if identity in refunds_seen:
                continue
            refunds_seen.add(identity)
            if order_id in found and found[order_id].completed is not None:
                take_refund(found[order_id], record, shop)
            else:
                parked.append(record)
    return found


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
