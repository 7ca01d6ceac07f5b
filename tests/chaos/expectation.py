"""What one shopper's calls must lead to, in plain code, from the documents alone, for the rules of topology.yaml.

Nothing here knows Afterclick's code. Times are ms; event time is received time, since no call of the run tells its own.
"""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from tests.chaos.topic_log import ABANDONMENT, POINTS, SEGMENTS, TIERS

LOOKING_VIEWS, LOOKING_WINDOW = 3, 10_000
FIVES = range(5, 41, 5)
REGULAR_ORDERS = 3
STAGES = (6_000, 8_000)
RECOVERED_WITHIN = 20_000
LEVELS = (("bronze", 0, 10), ("silver", 100, 15), ("gold", 250, 20))
"""Name, points from which on, and points for each 10.00."""


class Call(NamedTuple):
    """received: append time; what the shopper's calls are ordered by."""

    received: int
    message: str
    event: str
    properties: dict[str, Any]


class Expected(NamedTuple):
    """cause: message id, None for a timer. what: the fields that are checked, as text."""

    topic: str
    at: int
    cause: str | None
    what: str


@dataclass
class _Instance:
    """One life of the cart. planned: of the second stage."""

    activity: int
    stages: list[int] = field(default_factory=list)
    planned: int = 0
    live: bool = True
    closed: bool = False

    @property
    def due(self) -> int:
        return max(self.planned, self.activity + STAGES[0])


class Shopper:
    """Give it all calls in order, then `pass_time`; `decided` is then what must have been published."""

    def __init__(self) -> None:
        self.decided: list[Expected] = []
        self._seen: set[str] = set()
        self._views: list[int] = []
        self._orders: set[str] = set()
        self._members: Counter[str] = Counter()
        self._cart: dict[str, tuple[int, int]] = {}
        self._instances: list[_Instance] = []
        self._level = -1
        self._points = 0

    def take(self, call: Call) -> None:
        self.pass_time(call.received)
        if call.message in self._seen:
            return
        self._seen.add(call.message)
        if call.event == "Product Viewed":
            self._views.append(call.received)
        elif call.event in ("Product Added", "Product Removed"):
            self._edit(call)
        elif call.event == "Order Completed" and call.properties["order_id"] not in self._orders:
            self._orders.add(call.properties["order_id"])
            self._order(call)
        self._segments(call.received, call.message)

    def pass_time(self, until: int) -> None:
        """Timers due up to then, exactly at it too, in order."""
        while True:
            due = [(one.due, 1) for one in self._instances if one.live]
            if "looking" in self._inside():
                due.append((self._views[-LOOKING_VIEWS] + LOOKING_WINDOW, 0))
            if not due or min(due)[0] > until:
                return
            at, kind = min(due)
            if kind == 0:
                self._segments(at, None)
            else:
                self._stage(at)

    def next_due(self) -> int | None:
        due = [one.due for one in self._instances if one.live]
        if "looking" in self._inside():
            due.append(self._views[-LOOKING_VIEWS] + LOOKING_WINDOW)
        return min(due, default=None)

    def _inside(self) -> set[str]:
        return {name for name, changes in self._members.items() if changes % 2}

    def _segments(self, now: int, cause: str | None) -> None:
        count = len(self._views)
        truth = {
            "looking": count >= LOOKING_VIEWS and self._views[-LOOKING_VIEWS] + LOOKING_WINDOW > now,
            "regulars": len(self._orders) >= REGULAR_ORDERS,
            "fives": count in FIVES,
        }
        inside = self._inside()
        for name, holds in truth.items():
            if holds != (name in inside):
                self._members[name] += 1
                change = "entered" if holds else "exited"
                self._decide(SEGMENTS, now, cause, f"{name} {change} {self._members[name]}")

    def _edit(self, call: Call) -> None:
        product, now = call.properties["product_id"], call.received
        if call.event == "Product Added":
            had = self._cart.get(product, (0, 0))[0]
            self._cart[product] = had + call.properties["quantity"], round(call.properties["price"] * 100)
        elif self._cart.pop(product, None) is None:
            return
        live = [one for one in self._instances if one.live]
        for one in live:
            one.activity = now
        if not self._cart:
            for one in self._instances:
                one.live, one.closed = False, True
        elif not live:
            self._instances.append(_Instance(now))

    def _stage(self, now: int) -> None:
        one = next(one for one in self._instances if one.live and one.due == now)
        one.stages.append(now)
        if len(one.stages) == len(STAGES):
            one.live = False
        else:
            one.planned = now + STAGES[1]
        self._decide(ABANDONMENT, now, None, f"abandoned {len(one.stages)} {self._contents()}")

    def _order(self, call: Call) -> None:
        now = call.received
        self._close_instances(call)
        for product in call.properties["products"]:
            had, price = self._cart.get(product["product_id"], (0, 0))
            self._cart.pop(product["product_id"], None)
            if had > product["quantity"]:
                self._cart[product["product_id"]] = had - product["quantity"], price
        if self._level < 0:
            self._level = 0
            self._decide(TIERS, now, call.message, "joined None bronze")
        points = round(call.properties["total"] * 100) * LEVELS[self._level][2] // 1000
        self._points += points
        order = call.properties["order_id"]
        if points:
            self._decide(POINTS, now, call.message, f"confirmed {points} {self._points} {order}")
        reached = max(level for level, (_, start, _) in enumerate(LEVELS) if start <= self._points)
        if reached > self._level:
            change = f"upgraded {LEVELS[self._level][0]} {LEVELS[reached][0]}"
            self._level = reached
            self._decide(TIERS, now, call.message, change)

    def _close_instances(self, call: Call) -> None:
        """An order ends all: it takes back stages of its own instant, and recovers earlier ones."""
        now, order, cart = call.received, call.properties["order_id"], self._contents()
        for one in self._instances:
            over = bool(one.stages) and now > one.stages[-1] + RECOVERED_WITHIN
            if one.closed or (not one.live and over):
                continue
            stand = [at for at in one.stages if at < now]
            if len(stand) < len(one.stages):
                self._decide(ABANDONMENT, now, call.message, f"retracted {len(one.stages)} {cart} {order}")
            if stand and now <= stand[-1] + RECOVERED_WITHIN:
                self._decide(ABANDONMENT, now, call.message, f"recovered {len(stand)} {cart} {order}")
            one.live, one.closed = False, True

    def _contents(self) -> str:
        items = ",".join(f"{name}*{quantity}" for name, (quantity, _) in sorted(self._cart.items()))
        return f"{items} {sum(quantity * price for quantity, price in self._cart.values())}"

    def _decide(self, topic: str, at: int, cause: str | None, what: str) -> None:
        self.decided.append(Expected(topic, at, cause, what))
