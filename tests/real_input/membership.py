"""Memberships by brute force: every condition is looked at anew, over the whole history, at every instant at which it
could change. Nothing of the engine."""

from collections.abc import Callable
from typing import NamedTuple

from tests.real_input.invoice import Order, Refund, give_back

DAY = 86_400_000

# (orders known so far, now in ms) -> member?
Condition = Callable[[list[Order], int], bool]


class Segment(NamedTuple):
    """windows: lengths in ms, after which what happened may drop out."""

    holds: Condition
    windows: tuple[int, ...]


class Transition(NamedTuple):
    """at: effective_at, ms. sequence: from 1."""

    segment: str
    change: str
    at: int
    sequence: int


def within(orders: list[Order], now: int, days: int) -> list[Order]:
    """Those of the last days; one exactly so old is out."""
    return [order for order in orders if now - days * DAY < order.time <= now]


def _spend(orders: list[Order], now: int, days: int) -> int:
    return sum(order.net for order in within(orders, now, days))


# As the topology declares them.
SEGMENTS = {
    "regulars": Segment(lambda orders, now: len(within(orders, now, 30)) >= 2, (30 * DAY,)),
    "big-spenders": Segment(lambda orders, now: _spend(orders, now, 90) >= 500_00, (90 * DAY,)),
    "slipping": Segment(
        lambda orders, now: _spend(orders, now, 180) >= 500_00 and not within(orders, now, 60), (180 * DAY, 60 * DAY)
    ),
    "bulk": Segment(
        lambda orders, now: sum(order.thousandths for order in within(orders, now, 120)) >= 2_000_000, (120 * DAY,)
    ),
    "wide-range": Segment(
        lambda orders, now: len({code for order in within(orders, now, 90) for code in order.stock_codes}) >= 100,
        (90 * DAY,),
    ),
    "heart-holders": Segment(lambda orders, now: sum("85123A" in order.stock_codes for order in orders) >= 2, ()),
}


def transitions(history: list[Order | Refund], end: int) -> list[Transition]:
    """Every entry and exit up to `end` (ms). At one instant time passes first, then the events happen, one by one."""
    found: list[Transition] = []
    member = dict.fromkeys(SEGMENTS, False)
    sequence = dict.fromkeys(SEGMENTS, 0)
    orders: list[Order] = []

    def look(now: int, names: list[str]) -> None:
        for name in names:
            if SEGMENTS[name].holds(orders, now) != member[name]:
                member[name] = not member[name]
                sequence[name] += 1
                found.append(Transition(name, "entered" if member[name] else "exited", now, sequence[name]))

    ends = sorted(
        (order.time + window, name)
        for order in history
        if isinstance(order, Order)
        for name, segment in SEGMENTS.items()
        for window in segment.windows
        if order.time + window <= end
    )
    ends.reverse()
    for event in history:
        while ends and ends[-1][0] <= event.time:
            at, name = ends.pop()
            look(at, [name])
        if isinstance(event, Order):
            orders.append(event)
        else:
            give_back(event)
        look(event.time, list(SEGMENTS))
    while ends:
        at, name = ends.pop()
        look(at, [name])
    return found
