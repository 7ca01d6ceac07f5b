"""`orders` and `spend`: aggregates of the order book, which dedupes and nets by itself.

A refund counts at its order's date; a fully refunded order still counts as an order (readings.md, 22 and 23).
"""

from collections.abc import Callable

from pipeline.domain.definition import Purchases
from pipeline.domain.segments.frame import Frame
from pipeline.domain.segments.series import next_change, sums_after
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Order
from pipeline.domain.value.operator import compile_bounds


def standing_orders(orders: list[Order], horizon: int) -> list[Order]:
    return [order for order in orders if order.time > horizon and order.completed and not order.cancelled]


def compile_purchases(condition: Purchases, frame: Frame) -> Callable[[Shopper, int], tuple[bool, int]]:
    """(shopper, now in ms) -> (true now?, when that next changes by itself; 0 = never)."""
    truth = compile_bounds(condition.bounds)
    money, within = condition.measure == "spend", condition.within

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        standing = standing_orders(shopper.orders, frame.after(shopper, now))
        amounts = [order.value - order.refunded if money else 1 for order in standing]
        holds = truth(sum(amounts))
        if within is None or not standing:
            return holds, 0
        if not isinstance(within, int):
            return holds, frame.leaves(shopper, now, now) if truth(0) is not holds else 0
        times = [order.time for order in standing]
        return holds, next_change(times, within, holds, sums_after(amounts, truth))

    return look
