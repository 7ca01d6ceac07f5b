"""The orders and carts of two records of one person."""

from pipeline.domain.commerce.cart import CARTS, find_cart
from pipeline.domain.commerce.early_update import UPDATES, take_update
from pipeline.domain.commerce.link import joined
from pipeline.domain.commerce.order import (
    CANCELLED,
    PARKED_LIMIT,
    REFUNDS,
    UPDATED,
    OrderChange,
    apply_parked,
    identifier,
    keep_parked,
)
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
    that had waited in one record for an order of the other, and so what updates and cancellations do."""
    known, changes = {leading(order.key): order for order in open_orders(shopper)}, list[OrderChange]()
    _join_updates(shopper, other)
    for order in open_orders(other):
        same = known.get(leading(order.key))
        if same is None:
            insert(shopper, order)
        else:
            remove(shopper, same)
            changes += _join_order(shopper, same, order)
    _join_settled(shopper, other)
    settle(shopper, moment)
    taken = set(shopper.refund_keys)
    shopper.refund_keys.extend(key for key in other.refund_keys if key not in taken)
    del shopper.refund_keys[:-REFUNDS]
    waiting = [*shopper.parked, *(one for one in other.parked if one.refund not in taken)]
    keep_parked(shopper, sorted(waiting, key=lambda one: one.due)[-PARKED_LIMIT:])
    for key in dict.fromkeys(one.order for one in shopper.parked):
        found = find_order(shopper, key)
        if found is not None and (found.completed or found.cancelled):
            changes += apply_parked(shopper, found)
    return changes


def _join_order(shopper: Shopper, one: Order, two: Order) -> list[OrderChange]:
    """Keep what both know of one order; what one of them did not know of it changes it."""
    first, second = sorted((one, two), key=lambda order: (not order.completed, order.time))
    updated = not second.completed and second.priced is not None and _priced_at(first) <= _priced_at(second)
    if updated:
        first.value, first.priced = second.value, _priced_at(second) - first.time
    first.key = _named(shopper, first.key if is_whole(first.key) else second.key)
    first.refunded = min(first.value, max(first.refunded, second.refunded))
    cancelled = first.cancelled is not second.cancelled
    first.cancelled = first.cancelled or second.cancelled
    insert(shopper, first)
    if not first.completed:
        return []
    told = take_update(shopper, first.key)
    if cancelled:
        return [OrderChange(CANCELLED, first, "", whole=True)]
    return [OrderChange(UPDATED, first, identifier(told.get("order_id")), told=told)] if updated and told else []


def _named(shopper: Shopper, key: int) -> int:
    """The whole fingerprint of an order that a block gave back, if an update that waited for it has it."""
    known = (one.order for one in shopper.early_updates if leading(one.order) == leading(key))
    return key if is_whole(key) else next(known, key)


def _priced_at(order: Order) -> int:
    """Event time of what told its price, ms, -1 = nothing did."""
    return order.time + order.priced if order.priced is not None else -1


def _join_updates(shopper: Shopper, other: Shopper) -> None:
    ours = {one.order for one in shopper.early_updates}
    if other.early_updates:
        theirs = [one for one in other.early_updates if one.order not in ours]
        shopper.early_updates = [*theirs, *shopper.early_updates][-UPDATES:]


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
    theirs, ours = _newest(other), _newest(shopper)
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


def _newest(shopper: Shopper) -> int:
    """Event time of what was told last of a cart with lines, which may be what it holds already; -1: there is none."""
    return max((max(cart.updated, cart.snapshot) for cart in shopper.carts if cart.lines), default=-1)


def _stale(cart: Cart) -> tuple[bool, int]:
    return bool(cart.lines), max(cart.updated, cart.snapshot, cart.ordered)
