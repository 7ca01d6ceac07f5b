"""What tiers are measured by, for ever or in a window (readings.md, 40, 45)."""

from collections.abc import Iterator

from pipeline.domain.commerce.order import CANCELLED, COMPLETED, OrderChange
from pipeline.domain.commerce.order_book import latest_orders, net_value, of_all_time, stands
from pipeline.domain.loyalty.lot_block import earned_between, earned_latest_first
from pipeline.domain.loyalty.waiting import held_points
from pipeline.domain.loyalty.window import Window
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing

POINTS_EARNED = "points_earned"
POINTS_ACTIVE = "points_active"
SPEND = "spend"
ORDERS = "orders"


class Metric:
    """One measure of a shopper in a programme. Windows hold orders and bonuses by their event times.

    name: POINTS_EARNED (whole points, net of reversals), POINTS_ACTIVE (the balance, of which no window is asked),
    SPEND (minor units of completed, not cancelled orders, net of refunds) or ORDERS (how many of them there are).
    is_balance: whether it moves as points are confirmed, spent, or expire.
    """

    __slots__ = ("_name", "is_balance", "window")

    def __init__(self, name: str, window: Window) -> None:
        self._name = name
        self.window = window
        self.is_balance = name == POINTS_ACTIVE

    def value(self, shopper: Shopper, standing: Standing, now: int) -> int:
        if self.is_balance:
            return standing.balance
        begin = self.window.begin(standing, now)
        return self._of_all_time(shopper, standing) if begin is None else self.between(shopper, standing, begin)

    def between(self, shopper: Shopper, standing: Standing, begin: int, end: int | None = None) -> int:
        """Of what happened from `begin` on, ms, and before `end`."""
        if self._name == POINTS_EARNED:
            return earned_between(standing, begin, end, held_points(standing))
        return sum(amount for time, amount in self.counted(shopper, standing, begin) if end is None or time < end)

    def counted(self, shopper: Shopper, standing: Standing, begin: int | None) -> Iterator[tuple[int, int]]:
        """(event time, amount) of each order and bonus that the record holds from `begin` on, ms, the latest first;
        nothing of a balance."""
        for time, amount in () if self.is_balance else self._latest_first(shopper, standing):
            if begin is not None and time < begin:
                break
            yield time, amount

    def before(self, shopper: Shopper, standing: Standing, changes: list[OrderChange], now: int) -> int:
        """The value before `changes`, of which the order book knows already but the ledger does not."""
        value = self.value(shopper, standing, now)
        if self._name in (SPEND, ORDERS):
            begin = self.window.begin(standing, now)
            for change in changes:
                if change.order is not None and (begin is None or change.order.time >= begin):
                    value -= change.money if self._name == SPEND else _counted(change)
        return value

    def falls_below(self, shopper: Shopper, standing: Standing, now: int, bound: int) -> int:
        """The instant at which the value, without further events, falls below `bound`; 0 = never."""
        if not self.window.bounded or bound <= 0 or self.is_balance:
            return 0
        if self.window.rolling is None:
            return self.window.period(standing, now)[1]
        total = 0
        for time, amount in self._latest_first(shopper, standing):
            if time <= now - self.window.rolling:
                break
            total += amount
            if total >= bound:
                return time + self.window.rolling
        return 0

    def _of_all_time(self, shopper: Shopper, standing: Standing) -> int:
        if self._name == POINTS_EARNED:
            return standing.earned
        totals = of_all_time(shopper)
        return totals.net if self._name == SPEND else totals.count

    def _latest_first(self, shopper: Shopper, standing: Standing) -> Iterator[tuple[int, int]]:
        if self._name == SPEND:
            return ((order.time, net_value(order)) for order in latest_orders(shopper))
        if self._name == ORDERS:
            return ((order.time, 1) for order in latest_orders(shopper) if stands(order))
        return earned_latest_first(standing, held_points(standing))


def _counted(change: OrderChange) -> int:
    """How the change moved the number of orders."""
    order = change.order
    if order is None or not order.completed:
        return 0
    if change.kind == COMPLETED:
        return 0 if order.cancelled else 1
    return -1 if change.kind == CANCELLED else 0
