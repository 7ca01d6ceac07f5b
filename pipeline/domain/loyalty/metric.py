"""What tiers are measured by: points earned or money spent, for ever or in a rolling window (readings.md, 40, 45)."""

from collections.abc import Iterator

from pipeline.domain.commerce.order import OrderChange
from pipeline.domain.commerce.order_book import net_value, of_all_time
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing

POINTS_EARNED = "points_earned"
SPEND = "spend"


class Metric:
    """One measure of a shopper in a programme. Windows are half open, (now - window, now], of order event times.

    name: POINTS_EARNED (whole points, net of reversals) or SPEND (minor units of completed, not cancelled orders, net
    of refunds). window: ms, None = lifetime.
    """

    __slots__ = ("_spend", "_window")

    def __init__(self, name: str, window: int | None) -> None:
        self._spend = name == SPEND
        self._window = window

    def value(self, shopper: Shopper, standing: Standing, now: int) -> int:
        if self._window is None:
            return of_all_time(shopper).net if self._spend else standing.earned
        after = now - self._window
        total = 0
        for time, amount in self._latest_first(shopper, standing):
            if time <= after:
                break
            total += amount
        return total

    def before(self, shopper: Shopper, standing: Standing, changes: list[OrderChange], now: int) -> int:
        """The value before `changes`, of which the order book knows already but the ledger does not."""
        value = self.value(shopper, standing, now)
        if self._spend:
            for change in changes:
                if change.order is not None and self.covers(change.order.time, now):
                    value -= change.money
        return value

    def covers(self, time: int, now: int) -> bool:
        """Whether the window that ends at `now` holds `time`."""
        return self._window is None or time > now - self._window

    def falls_below(self, shopper: Shopper, standing: Standing, now: int, bound: int) -> int:
        """The instant at which the value, without further events, falls below `bound`; 0 = never."""
        if self._window is None or bound <= 0:
            return 0
        total = 0
        for time, amount in self._latest_first(shopper, standing):
            if time <= now - self._window:
                break
            total += amount
            if total >= bound:
                return time + self._window
        return 0

    def _latest_first(self, shopper: Shopper, standing: Standing) -> Iterator[tuple[int, int]]:
        if self._spend:
            return ((order.time, net_value(order)) for order in reversed(shopper.orders))
        held = held_numbers(standing)
        return ((lot.time, lot.points - lot.reversed) for lot in reversed(standing.lots) if lot.number not in held)


def held_numbers(standing: Standing) -> frozenset[int]:
    """The lots that are held for review: they count once they are released."""
    purse = standing.purse
    return frozenset(one.number for one in purse.waiting if one.held) if purse is not None else frozenset()
