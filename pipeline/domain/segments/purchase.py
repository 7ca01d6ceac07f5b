"""`orders`, `spend` and `average_order`: aggregates of the order book, which dedupes and nets by itself.

A refund counts at its order's date; a fully refunded order still counts as an order (readings.md, 22 and 23).
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction

from pipeline.domain.commerce.order_book import amounts_after, of_all_time
from pipeline.domain.definition import Purchases
from pipeline.domain.segments.frame import Frame
from pipeline.domain.segments.series import next_change
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.operator import compile_bounds


def compile_purchases(condition: Purchases, frame: Frame) -> Callable[[Shopper, int], tuple[bool, int]]:
    """(shopper, now in ms) -> (true now?, when that next changes by itself; 0 = never)."""
    truth = compile_bounds(condition.bounds)
    measure, within = condition.measure, condition.within

    def holds_of(total: int, count: int) -> bool:
        """Of no order no average passes (readings.md, 9)."""
        if measure == "average_order":
            return count > 0 and truth(Fraction(total, count))
        return truth(total if measure == "spend" else count)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        if within is None:
            orders = of_all_time(shopper)
            return holds_of(orders.net, orders.count), 0
        bought = amounts_after(shopper, frame.after(shopper, now))
        if not bought:
            return holds_of(0, 0), 0
        times, amounts = zip(*bought, strict=True)
        holds = holds_of(sum(amounts), len(amounts))
        if not isinstance(within, int):
            return holds, frame.leaves(shopper, now, now) if holds_of(0, 0) is not holds else 0
        return holds, next_change(times, within, holds, _after(amounts, holds_of))

    return look


def _after(amounts: Sequence[int], holds_of: Callable[[int, int], bool]) -> Iterator[bool]:
    """For next_change: truth of what is left as orders leave, oldest first."""
    rest = sum(amounts)
    for left, amount in zip(range(len(amounts) - 1, -1, -1), amounts, strict=True):
        rest -= amount
        yield holds_of(rest, left)
