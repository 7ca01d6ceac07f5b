"""Thresholds of RFM scores, fitted to a history: each score takes a fifth of the shop's buyers.

The rule: of n buyers in order of their value, threshold k of 1 to 4 is the value at place floor(k x n / 5), counted
from 0: the first of the next fifth. Equal values always have one score, so fifths differ where many buyers are equal.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from pipeline.domain.commerce.order_book import latest_orders, of_all_time, stands
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY
from pipeline.domain.value.money import exponent
from pipeline.replay.reader import readings
from pipeline.replay.run import collector_off
from pipeline.replay.source import Source

SCORES = 5


@dataclass(frozen=True, slots=True)
class Fit:
    """buyers: shoppers with an order that counts. recency: whole days; frequency: orders; monetary: minor units."""

    buyers: int
    recency: tuple[int, ...]
    frequency: tuple[int, ...]
    monetary: tuple[int, ...]

    def block(self, currency: str) -> str:
        """The `rfm:` block of topology.yaml."""
        digits = exponent(currency)
        money = (f"{Decimal(amount).scaleb(-digits):.{digits}f}" for amount in self.monetary)
        days, orders = (", ".join(map(str, each)) for each in (self.recency, self.frequency))
        return f"rfm:\n  recency: [{days}]\n  frequency: [{orders}]\n  monetary: [{', '.join(money)}]\n"


def fit(plan: Plan, sources: Sequence[Source], until: int | None = None) -> Fit:
    """Fit to all buyers of the sources. until: where time ends, ms (None: at the last record); recency counts to there.

    Raises InputError if a source breaks off.
    """
    # Orders need no rules; without them a history is read faster.
    bare = replace(plan, segments=(), abandonments=(), programmes=())
    engine, shoppers, now = Engine(bare), dict[str, Shopper](), 0
    with collector_off():
        for received, call, *_ in readings(sources, Intake(bare)):
            if until is not None and received > until:
                break
            now = received
            if type(call) is Event:
                engine.decide(shoppers.setdefault(call.shopper, Shopper()), call, received)
    return _fitted(list(shoppers.values()), now if until is None else until)


def thresholds(values: list[int]) -> tuple[int, ...]:
    """Four thresholds of the values, not empty; see the module."""
    ordered = sorted(values)
    return tuple(ordered[step * len(ordered) // SCORES] for step in range(1, SCORES))


def _fitted(shoppers: list[Shopper], now: int) -> Fit:
    recency, frequency, monetary = [], [], []
    for shopper in shoppers:
        latest = next(filter(stands, latest_orders(shopper)), None)
        if latest is not None:
            orders = of_all_time(shopper)
            recency.append((now - latest.time) // DAY)
            frequency.append(orders.count)
            monetary.append(orders.net)
    if not recency:
        return Fit(0, (), (), ())
    return Fit(len(recency), thresholds(recency), thresholds(frequency), thresholds(monetary))
