"""Memberships of the Online Retail customers by plain code. Nothing of the engine."""

from typing import Any, NamedTuple

from tests.real_input.invoice import Order, Refund, give_back
from tests.real_input.timeline import Watched, damped, timelines

DAY = 86_400_000
RECENCY, FREQUENCY, MONETARY = (10, 30, 60, 150), (2, 3, 5, 9), (250_00, 600_00, 1_200_00, 3_000_00)

Orders = list[Order]


class Transition(NamedTuple):
    """at: effective_at, ms. sequence: from 1."""

    segment: str
    change: str
    at: int
    sequence: int


def within(orders: Orders, now: int, days: int) -> Orders:
    """Those of the last days; one exactly so old is out."""
    return [order for order in orders if now - days * DAY < order.time <= now]


def spend(orders: Orders) -> int:
    """Pence, net of what was given back."""
    return sum(order.net for order in orders)


def scores(orders: Orders, now: int) -> tuple[int, int, int] | None:
    """Recency, frequency, monetary; none of nothing."""
    if not orders:
        return None
    elapsed = now - max(order.time for order in orders)
    return (
        5 - sum(elapsed >= days * DAY for days in RECENCY),
        1 + sum(len(orders) >= count for count in FREQUENCY),
        1 + sum(spend(orders) >= pence for pence in MONETARY),
    )


def _champion(orders: Orders, now: int) -> bool:
    found = scores(orders, now)
    return found is not None and min(found) >= 4


def _fading(orders: Orders, now: int) -> bool:
    found = scores(orders, now)
    return found is not None and found[0] <= 2 and found[2] >= 4


def _bulk(orders: Orders, now: int) -> bool:
    return sum(order.thousandths for order in within(orders, now, 120)) >= 2_000_000


def _wide_range(orders: Orders, now: int) -> bool:
    return len({code for order in within(orders, now, 90) for code in order.stock_codes}) >= 100


def _slipping(orders: Orders, now: int) -> bool:
    return spend(within(orders, now, 180)) >= 500_00 and not within(orders, now, 60)


def days(*numbers: int) -> tuple[int, ...]:
    return tuple(number * DAY for number in numbers)


# As the topology declares them; of `steady` the condition, which a hold then damps.
SEGMENTS = {
    "regulars": Watched(lambda orders, now: len(within(orders, now, 30)) >= 2, days(30)),
    "big-spenders": Watched(lambda orders, now: spend(within(orders, now, 90)) >= 500_00, days(90)),
    "slipping": Watched(_slipping, days(180, 60)),
    "bulk": Watched(_bulk, days(120)),
    "wide-range": Watched(_wide_range, days(90)),
    "heart-holders": Watched(lambda orders, now: sum("85123A" in order.stock_codes for order in orders) >= 2),
    "one-time-buyers": Watched(lambda orders, now: len(orders) == 1 and not within(orders, now, 90), days(90)),
    "recent": Watched(lambda orders, now: bool(within(orders, now, 30)), days(30)),
    "newcomers": Watched(lambda orders, now: bool(orders) and len(within(orders, now, 60)) == len(orders), days(60)),
    "champions": Watched(_champion, days(*RECENCY)),
    "fading": Watched(_fading, days(*RECENCY)),
    "steady": Watched(lambda orders, now: len(within(orders, now, 60)) >= 2, days(60)),
}
STEADY_ENTER, STEADY_LEAVE = 3 * DAY, 14 * DAY


def transitions(history: list[Order | Refund], end: int) -> list[Transition]:
    """Every entry and exit up to `end` (ms), by segment."""
    found = timelines(history, end, SEGMENTS, _happen)
    found["steady"] = damped(found["steady"], STEADY_ENTER, STEADY_LEAVE, end)
    return [
        Transition(name, "entered" if step.value else "exited", step.at, number)
        for name, steps in found.items()
        for number, step in enumerate(steps, 1)
    ]


def _happen(orders: list[Any], event: Order | Refund) -> None:
    if isinstance(event, Refund):
        give_back(event)
    else:
        orders.append(event)
