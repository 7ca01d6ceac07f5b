"""Abandonment rules and the lives of their subjects, with all defaults written out (readings.md, 31, 35, 36, 50)."""

from dataclasses import dataclass, field
from typing import Any

from tests.oracle.carts import DEFAULT, Line
from tests.oracle.history import Record
from tests.oracle.links import OF_PRODUCT, links
from tests.oracle.orders import product_key
from tests.oracle.values import DAY, Shop, span

STAGES = {
    "browse": ["1h"],
    "cart": ["4h", "24h", "72h"],
    "checkout": ["1h", "24h", "72h"],
    "exit_intent": ["0s"],
    "checkout_hesitation": ["10m"],
    "payment_failure": ["10m"],
    "wishlist": ["7d"],
}
COOL_DOWN = {"browse": 14 * DAY, "wishlist": 14 * DAY, "cart": 7 * DAY, "checkout": 7 * DAY}
EVENTS = {"exit_intent": "Exit Intent Detected", "payment_failure": "Payment Failed"}
PRODUCTS = ("browse", "wishlist")
WHY = {"checkout_hesitation": ["step"], "payment_failure": ["reason", "error_code"]}
CHECKOUTS = ("checkout", "checkout_hesitation", "payment_failure")
ARMED, WAITING, EXHAUSTED, SUPERSEDED, CLOSED = "armed", "waiting", "exhausted", "superseded", "closed"
LIVE = (ARMED, WAITING)


class Rule:
    """One entry of `abandonment:`. Spans in ms, minimum_value in minor units."""

    def __init__(self, name: str, entry: dict[str, Any], shop: Shop) -> None:
        self.name = name
        self.kind = entry.get("kind", name)
        events = entry.get("on", EVENTS.get(self.kind, []))
        self.events = [events] if isinstance(events, str) else events
        self.stages = [span(one) for one in entry.get("stages", STAGES[self.kind])]
        self.minimum_value = shop.minor(str(entry.get("minimum_value", "0.01"))) or 0
        self.of_visits = entry.get("subject") == "session"
        self.minimum_views = entry.get("minimum_views", 1)
        self.cool_down = span(entry.get("cool_down", COOL_DOWN.get(self.kind, DAY)))
        self.expires = span(entry.get("expires", 10 * DAY))
        self.recovered_within = span(entry.get("recovered_within", 5 * DAY))
        self.after_purchase = span(entry.get("after_purchase", (10 if self.kind in PRODUCTS else 3) * DAY))
        self.any_activity = entry.get("resets_on", "own_activity") == "any_activity"
        self.on_activity = entry.get("on_activity", "hold")
        self.when = entry.get("when")
        self.unless = entry.get("unless")
        self.spans = {self.after_purchase, self.cool_down, self.expires}


@dataclass
class Instance:
    """One life of one subject under one rule.

    planned: due of the next stage as planned, ms. stages: `effective_at` of those sent. product: of a browse or a
    wishlist. reason: what stopped it, of a step or a failed payment.
    """

    rule: Rule
    subject: str
    number: int
    last_activity: int
    state: str = ARMED
    planned: int = 0
    stages: list[int] = field(default_factory=list)
    since: int = 0
    cart_id: str = DEFAULT
    product: Line | None = None
    last_step: int = 0
    reason: str | None = None

    @property
    def live(self) -> bool:
        return self.state in LIVE

    @property
    def due(self) -> int:
        """Of the next stage: readings.md, 34."""
        first = self.last_activity + self.rule.stages[0]
        if self.state == ARMED:
            return first
        return max(self.planned, first) if self.rule.on_activity == "hold" else self.planned

    @property
    def expiry(self) -> int:
        return self.last_activity + self.rule.expires

    def open_for_recovery(self, now: int) -> bool:
        return bool(self.stages) and now < self.stages[-1] + self.rule.recovered_within

    def passed(self, order_time: int) -> bool:
        """Whether an order is too late to recover it (readings.md, 36)."""
        return bool(self.stages) and order_time > self.stages[-1] + self.rule.recovered_within

    def touch(self, time: int) -> None:
        self.last_activity = max(self.last_activity, time)


@dataclass
class Contents:
    """Of the last stage that a kind sent: when, and the (product, quantity) it told of."""

    at: int
    lines: list[tuple[str, int]]


class Views:
    """Views that count towards `minimum_views`: within 7 days, of the 20 latest products (readings.md, 39)."""

    def __init__(self) -> None:
        self._times: dict[str, list[int]] = {}

    def add(self, subject: str, record: Record) -> int:
        times = [*self._times.pop(subject, []), record.time]
        self._times[subject] = times
        for oldest in list(self._times)[:-20]:
            del self._times[oldest]
        latest = max(times)
        return sum(1 for time in times if time > latest - 7 * DAY)

    def meet(self, other: "Views") -> None:
        for subject, times in other._times.items():
            self._times[subject] = [*self._times.pop(subject, []), *times]
        for oldest in list(self._times)[:-20]:
            del self._times[oldest]

    def forget(self, subject: str) -> None:
        self._times.pop(subject, None)


def contents(lines: list[Line]) -> list[tuple[str, int]]:
    return sorted(((product_key(line.product) or (DEFAULT, ""))[0], line.quantity) for line in lines)


def why(rule: Rule, record: Record) -> str | None:
    told = (record.properties.get(name) for name in WHY.get(rule.kind, []))
    return next((str(one) for one in told if one is not None), None)


def viewed(record: Record) -> Line:
    given = record.properties
    return Line(given, 1, given.get("price"), given.get("currency"), links(given, OF_PRODUCT))


def subject_of_view(record: Record) -> str:
    key = product_key(record.properties)
    return key[0] if key else DEFAULT
