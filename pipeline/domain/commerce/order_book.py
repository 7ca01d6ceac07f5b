"""The order book: the orders of a shopper, sorted by (time, key), and what the oldest of very many came to.

A shopper has ORDERS orders at the most. With more, the oldest is settled: what it counts for is added to the totals of
all time, and it is forgotten. Nothing can change it any more, and windows no longer see it.
"""

from bisect import insort

import msgspec
import xxhash

from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order

ORDERS = 10_000

# Minor units of the totals, which are kept as integers of 64 bits.
_MOST = 10**18

SETTLED = xxhash.xxh3_64_intdigest(b"settled orders")
"""Where in `Shopper.windows` they are kept: [number, value, refunded, time and key of the latest of them]."""


class Totals(msgspec.Struct, gc=False, frozen=True):
    """Of completed, not cancelled orders: how many, their value, and what of it was refunded, in minor units."""

    count: int = 0
    value: int = 0
    refunded: int = 0

    @property
    def net(self) -> int:
        return self.value - self.refunded


def stands(order: Order) -> bool:
    """Whether it counts: it is completed, and was not cancelled."""
    return order.completed and not order.cancelled


def settled(shopper: Shopper) -> Totals:
    """Of the orders that are forgotten."""
    kept = shopper.windows.get(SETTLED)
    return Totals(*kept[:3]) if kept is not None else Totals()


def of_all_time(shopper: Shopper) -> Totals:
    before = settled(shopper)
    count, value, refunded = before.count, before.value, before.refunded
    for order in shopper.orders:
        if order.completed and not order.cancelled:
            count += 1
            value += order.value
            refunded += order.refunded
    return Totals(count, value, refunded)


def is_settled(shopper: Shopper, time: int, key: int) -> bool:
    """Whether an order of that event time (ms) may be among those that are forgotten."""
    kept = shopper.windows.get(SETTLED)
    return kept is not None and (time, key) <= (kept[3], kept[4])


def settle(shopper: Shopper, moment: Moment) -> None:
    """Forget the oldest orders beyond ORDERS, one remark `order_limit` each."""
    orders = shopper.orders
    while len(orders) > ORDERS:
        oldest, before = orders.pop(0), settled(shopper)
        counts = int(stands(oldest))
        value = min(_MOST, before.value + counts * oldest.value)
        refunded = min(value, before.refunded + counts * oldest.refunded)
        shopper.windows[SETTLED] = [before.count + counts, value, refunded, *position(oldest)]
        moment.remarks.append("order_limit")


def find_order(shopper: Shopper, key: int) -> Order | None:
    for order in reversed(shopper.orders):
        if order.key == key:
            return order
    return None


def insert(orders: list[Order], order: Order) -> None:
    if not orders or position(orders[-1]) < position(order):
        orders.append(order)
    else:
        insort(orders, order, key=position)


def net_value(order: Order) -> int:
    """What the order counts for in `spend`, minor units: nothing if cancelled or not completed."""
    return order.value - order.refunded if stands(order) else 0


def position(order: Order) -> tuple[int, int]:
    return order.time, order.key
