"""The orders and carts of two records of one person."""

from pipeline.domain.commerce.cart import CARTS, find_cart
from pipeline.domain.commerce.link import joined
from pipeline.domain.commerce.order import PARKED_LIMIT, REFUNDS, OrderChange, apply_parked, keep_parked
from pipeline.domain.commerce.order_book import (
    SETTLED,
    Totals,
    find_order,
    insert,
    is_whole,
    leading,
    open_orders,
    remove,
    settle,
    settled,
)
from pipeline.domain.decision import Moment
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart, Order


def join_orders(shopper: Shopper, other: Shopper, moment: Moment) -> list[OrderChange]:
    """Take in the orders of the other record: of one that both have, the first by event time counts. What refunds do,
    that had waited in one record for an order of the other."""
    known = {leading(order.key): order for order in open_orders(shopper)}
    for order in open_orders(other):
        same = known.get(leading(order.key))
        if same is None:
            insert(shopper, order)
        else:
            remove(shopper, same)
            insert(shopper, _first(same, order))
    _join_settled(shopper, other)
    settle(shopper, moment)
    taken = set(shopper.refund_keys)
    shopper.refund_keys.extend(key for key in other.refund_keys if key not in taken)
    del shopper.refund_keys[:-REFUNDS]
    waiting = [*shopper.parked, *(one for one in other.parked if one.refund not in taken)]
    keep_parked(shopper, sorted(waiting, key=lambda one: one.due)[-PARKED_LIMIT:])
    changes: list[OrderChange] = []
    for key in dict.fromkeys(one.order for one in shopper.parked):
        found = find_order(shopper, key)
        if found is not None and (found.completed or found.cancelled):
            changes += apply_parked(shopper, found, "")
    return changes


def _first(one: Order, two: Order) -> Order:
    """What both know of one order."""
    first, second = sorted((one, two), key=lambda order: (not order.completed, order.time))
    first.key = first.key if is_whole(first.key) else second.key
    first.cancelled = first.cancelled or second.cancelled
    first.refunded = min(first.value, max(first.refunded, second.refunded))
    return first


def _join_settled(shopper: Shopper, other: Shopper) -> None:
    theirs = other.windows.get(SETTLED)
    if theirs is None:
        return
    ours, totals = shopper.windows.get(SETTLED), settled(shopper)
    both = Totals(totals.count + theirs[0], totals.value + theirs[1], totals.refunded + theirs[2])
    latest = max(theirs[3:], ours[3:] if ours is not None else theirs[3:])
    shopper.windows[SETTLED] = [both.count, both.value, both.refunded, *latest]


def join_carts(shopper: Shopper, other: Shopper) -> frozenset[tuple[bool, str]]:
    """Take in the carts of the other record. The newest that has lines wins: those of the other side lose theirs.

    Returns which carts did, as (of the other record?, cart_id).
    """
    theirs = max((cart.updated for cart in other.carts if cart.lines), default=-1)
    ours = max((cart.updated for cart in shopper.carts if cart.lines), default=-1)
    lost: set[tuple[bool, str]] = set()
    if theirs >= 0 and ours >= 0:
        losing = theirs <= ours
        for cart in (other if losing else shopper).carts:
            if cart.lines:
                lost.add((losing, cart.cart_id))
                cart.lines = []
    for cart in other.carts:
        same = find_cart(shopper.carts, cart.cart_id)
        if same is None:
            shopper.carts.append(cart)
        else:
            same.lines = same.lines or cart.lines
            same.links = joined(same.links, cart.links, newer=cart.updated > same.updated)
            same.updated = max(same.updated, cart.updated)
            same.snapshot = max(same.snapshot, cart.snapshot)
            same.ordered = max(same.ordered, cart.ordered)
    carts = shopper.carts
    carts.sort(key=lambda one: one.updated)
    while len(carts) > CARTS:
        carts.remove(min(carts, key=_stale))
    return frozenset(lost)


def _stale(cart: Cart) -> tuple[bool, int]:
    return bool(cart.lines), max(cart.updated, cart.snapshot, cart.ordered)
