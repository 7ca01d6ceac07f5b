"""RFM: how recently, how often and for how much a shopper bought, each as a score of 1 to 5 (readings.md, 26)."""

from bisect import bisect_right
from collections.abc import Callable

import msgspec

from pipeline.domain.commerce.order_book import latest_orders, of_all_time, stands
from pipeline.domain.derived_definition import RfmScale, RfmScore
from pipeline.domain.shopper import Shopper

BEST = 5


class Scores(msgspec.Struct, frozen=True):
    """recency, frequency, monetary: 1 to 5. until: the instant (ms) at which recency falls by itself, 0 = never."""

    recency: int
    frequency: int
    monetary: int
    until: int


def scores(scale: RfmScale, shopper: Shopper, now: int) -> Scores | None:
    """The shopper's scores at `now` (ms) over all completed, not cancelled orders; None without any.

    Reaching a threshold is the next score: a better one of frequency and money, a worse one of recency.
    """
    latest = next((order.time for order in latest_orders(shopper) if stands(order)), None)
    if latest is None:
        return None
    orders = of_all_time(shopper)
    reached = bisect_right(scale.recency, now - latest)
    return Scores(
        recency=BEST - reached,
        frequency=1 + bisect_right(scale.frequency, orders.count),
        monetary=1 + bisect_right(scale.monetary, orders.net),
        until=latest + scale.recency[reached] if reached < len(scale.recency) else 0,
    )


def compile_rfm(condition: RfmScore) -> Callable[[Shopper, int], tuple[bool, int]]:
    """(shopper, now in ms) -> (true now?, when that may next change by itself; 0 = never). Of a shopper without orders
    it is false. Raises ValueError if the condition has no scale."""
    scale = condition.scale
    if scale is None:
        raise ValueError("a condition on rfm needs thresholds")
    recency, frequency, monetary = condition.recency, condition.frequency, condition.monetary

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        found = scores(scale, shopper, now)
        if found is None:
            return False, 0
        if (frequency and found.frequency not in frequency) or (monetary and found.monetary not in monetary):
            return False, 0
        return not recency or found.recency in recency, found.until if recency else 0

    return look


def render_scores(scale: RfmScale | None, shopper: Shopper, now: int) -> dict[str, int | None]:
    """The scores as they stand in a profile: null of a shopper without orders, nothing without thresholds."""
    if scale is None:
        return {}
    found = scores(scale, shopper, now)
    if found is None:
        return {"recency": None, "frequency": None, "monetary": None}
    return {"recency": found.recency, "frequency": found.frequency, "monetary": found.monetary}
