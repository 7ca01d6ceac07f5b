"""The order book: the orders of a shopper, sorted by (time, key), and what the oldest of very many came to.

A shopper has ORDERS orders at the most. With more, the oldest is settled: what it counts for is added to the totals of
all time, and it is forgotten. Nothing can change it any more, and windows no longer see it.

The latest orders are at hand in `Shopper.orders`, those before them packed into blocks (block.py), which keep of a key
its leading bits. Who only reads goes by the functions here; who changes an order asks `find_order` for it.
"""

from bisect import insort
from collections.abc import Iterator, Sequence

import msgspec
import xxhash

from pipeline.domain.block import (
    KEY,
    Block,
    Layout,
    columns_of,
    file,
    has_key,
    is_due,
    latest_first,
    number_of_rows,
    oldest_first,
    rows_of,
    take_first,
    thaw,
)
from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order

ORDERS = 10_000

# Minor units of the totals, which are kept as integers of 64 bits.
_MOST = 10**18

SETTLED = xxhash.xxh3_64_intdigest(b"settled orders")
"""Where in `Shopper.windows` they are kept: [number, value, refunded, time and key of the latest of them]."""

CUT = 64 - 8 * KEY
"""Bits of a fingerprint that blocks do not keep."""

_CANCELLED, _UNKNOWN, _UNPRICED = 1, 2, 4
_TIME, _VALUE, _REFUNDED, _STATE = range(4)
_COUNT, _WORTH, _GIVEN = range(3)


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


def leading(key: int) -> int:
    """What an order is known by: the leading 40 bits of its fingerprint, as blocks keep no more. Of 10,000 orders two
    are taken for one with a chance of 1 to 20,000."""
    return key >> CUT


def is_whole(key: int) -> bool:
    """Whether it is a fingerprint as it was made, not what a block gave back of it."""
    return key & ((1 << CUT) - 1) != 0


def settled(shopper: Shopper) -> Totals:
    """Of the orders that are forgotten."""
    kept = shopper.windows.get(SETTLED)
    return Totals(*kept[:3]) if kept is not None else Totals()


def of_all_time(shopper: Shopper) -> Totals:
    before, (count, value, refunded) = settled(shopper), _sums(shopper.orders)
    count, value, refunded = count + before.count, value + before.value, refunded + before.refunded
    for block in shopper.filed_orders:
        count += block.sums[_COUNT]
        value += block.sums[_WORTH]
        refunded += block.sums[_GIVEN]
    return Totals(count, value, refunded)


def is_settled(shopper: Shopper, time: int, key: int) -> bool:
    """Whether an order of that event time (ms) may be among those that are forgotten."""
    kept = shopper.windows.get(SETTLED)
    return kept is not None and (time, leading(key)) <= (kept[3], leading(kept[4]))


def settle(shopper: Shopper, moment: Moment) -> None:
    """Forget the oldest orders beyond ORDERS, one remark `order_limit` each, and pack those that are not the latest. To
    be called after orders were found or inserted, and before the record is stored."""
    shopping = shopper.opened()
    orders, blocks = shopping.orders, shopping.filed_orders
    if not (blocks or is_due(orders) or len(orders) > ORDERS):
        return
    file(LAYOUT, blocks, orders)
    while number_of_rows(blocks, orders) > ORDERS:
        oldest, before = take_first(LAYOUT, blocks, orders), settled(shopper)
        counts = int(stands(oldest))
        value = min(_MOST, before.value + counts * oldest.value)
        refunded = min(value, before.refunded + counts * oldest.refunded)
        shopper.windows[SETTLED] = [before.count + counts, value, refunded, *position(oldest)]
        moment.remarks.append("order_limit")


def find_order(shopper: Shopper, key: int) -> Order | None:
    """The order, to be changed until `settle`."""
    shopping = shopper.opened()
    orders, filed = shopping.orders, shopping.filed_orders
    found = _at_hand(orders, key)
    if found is None and filed:
        searched = _searched(key)
        block = next((one for one in reversed(filed) if has_key(one, searched)), None)
        if block is None:
            return None
        thaw(LAYOUT, filed, orders, block.last)
        found = _at_hand(orders, key)
    if found is not None:
        found.key = key
    return found


def open_orders(shopper: Shopper) -> list[Order]:
    """All orders at hand, to be changed until `settle`."""
    thaw(LAYOUT, shopper.filed_orders, shopper.orders)
    return shopper.orders


def insert(shopper: Shopper, order: Order) -> None:
    shopping = shopper.opened()
    orders, filed = shopping.orders, shopping.filed_orders
    if filed and (not orders or position(order) < position(orders[0])):
        thaw(LAYOUT, filed, orders, order.time)
    if not orders or position(orders[-1]) < position(order):
        orders.append(order)
    else:
        insort(orders, order, key=position)


def remove(shopper: Shopper, order: Order) -> None:
    """Take out what `find_order` found, to insert it elsewhere."""
    shopper.orders.remove(order)


def net_value(order: Order) -> int:
    """What the order counts for in `spend`, minor units: nothing if cancelled or not completed."""
    return order.value - order.refunded if stands(order) else 0


def position(order: Order) -> tuple[int, int]:
    return order.time, order.key


def latest_orders(shopper: Shopper) -> Iterator[Order]:
    """All orders, the latest first, to be read only."""
    return latest_first(LAYOUT, shopper.filed_orders, shopper.orders)


def earliest_orders(shopper: Shopper) -> Iterator[Order]:
    """All orders, the earliest first, to be read only."""
    return oldest_first(LAYOUT, shopper.filed_orders, shopper.orders)


def cancelled_orders(shopper: Shopper) -> list[Order]:
    """Those that were cancelled, the earliest first, to be read only."""
    found: list[Order] = []
    for block in shopper.filed_orders:
        if any(state & _CANCELLED for state in columns_of(block, _STATE)[0]):
            found += [order for order in rows_of(LAYOUT, block) if order.cancelled]
    return found + [order for order in shopper.orders if order.cancelled]


def amounts_after(shopper: Shopper, horizon: int) -> list[tuple[int, int]]:
    """(event time in ms, net value in minor units) of the orders that count and are later than `horizon`, in order."""
    shopping = shopper.opened()
    found = [
        (one.time, one.value - one.refunded)
        for one in shopping.orders
        if one.time > horizon and one.completed and not one.cancelled
    ]
    for block in reversed(shopping.filed_orders):
        if block.last <= horizon:
            break
        found[:0] = [each for each in _amounts(block) if each[0] > horizon]
    return found


def _amounts(block: Block) -> Iterator[tuple[int, int]]:
    """(event time in ms, net value) of its orders that count."""
    for time, value, refunded, state in zip(*columns_of(block, _TIME, _VALUE, _REFUNDED, _STATE), strict=True):
        if not state & (_CANCELLED | _UNKNOWN):
            yield time, value - refunded


def _at_hand(orders: list[Order], key: int) -> Order | None:
    for order in reversed(orders):
        if leading(order.key) == leading(key):
            return order
    return None


def _searched(key: int) -> bytes:
    return leading(key).to_bytes(KEY)


def _sums(orders: Sequence[Order]) -> tuple[int, int, int]:
    """As in Totals."""
    count = value = refunded = 0
    for order in orders:
        if order.completed and not order.cancelled:
            count += 1
            value += order.value
            refunded += order.refunded
    return count, value, refunded


def _split(order: Order) -> tuple[int, ...]:
    state = _CANCELLED * order.cancelled | _UNKNOWN * (not order.completed) | _UNPRICED * (order.priced is None)
    return order.time, order.value, order.refunded, state, order.priced or 0


def _join(key: bytes, time: int, value: int, refunded: int, state: int, priced: int) -> Order:
    return Order(
        int.from_bytes(key) << CUT,
        time,
        value,
        refunded,
        bool(state & _CANCELLED),
        not state & _UNKNOWN,
        None if state & _UNPRICED else priced,
    )


def _time(order: Order) -> int:
    return order.time


def _key(order: Order) -> bytes:
    return _searched(order.key)


LAYOUT = Layout(at=_time, sums=lambda orders: list(_sums(orders)), split=_split, join=_join, key=_key)
