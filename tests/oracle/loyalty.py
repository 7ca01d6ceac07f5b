"""One loyalty programme of one shopper, recomputed from the history at each instant (semantics.md part 6)."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.bonuses import Bonuses, Grant
from tests.oracle.history import Record
from tests.oracle.orders import Order
from tests.oracle.points import Lot
from tests.oracle.segments import Facts
from tests.oracle.values import EPOCH, Shop, span

ORDER_EVENTS = ("Order Completed", "Order Updated", "Order Cancelled", "Order Refunded")


def later(start: int, text: str, zone: str) -> int:
    """`start` plus a span of loyalty: `P1Y2M` by the calendar of the shop's zone (readings.md, 8)."""
    by_calendar = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?", text)
    if not by_calendar:
        return start + span(text)
    local = (EPOCH + timedelta(milliseconds=start)).astimezone(ZoneInfo(zone))
    months = local.month - 1 + int(by_calendar[1] or 0) * 12 + int(by_calendar[2] or 0)
    year, month = local.year + months // 12, months % 12 + 1
    day = min(local.day, calendar.monthrange(year, month)[1])
    moved = local.replace(year=year, month=month, day=day).astimezone(UTC)
    return (moved - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)


class Programme:
    def __init__(self, name: str, entry: dict[str, Any], topology: dict[str, Any]) -> None:
        self.name = name
        self.shop = Shop(topology)
        self.bonuses = Bonuses(entry, topology)
        self.given: list[Grant] = []
        tiers = entry["tiers"]
        self.metric = tiers["metric"]
        self.money = self.metric == "spend"
        window = tiers.get("window", "lifetime")
        self.window = None if window == "lifetime" else span(window["rolling"])
        self.levels = [level["name"] for level in tiers["levels"]]
        self.start = [self._unit(level["from"]) for level in tiers["levels"]]
        self.keep = [self._unit(level.get("keep", level["from"])) for level in tiers["levels"]]
        self.multipliers = [Fraction(str(level.get("multiplier", 1))) for level in tiers["levels"]]
        self.term = tiers.get("term")
        self.grace = tiers.get("grace")
        self.one_level = tiers.get("downgrade", "one_level") == "one_level"
        self.level = -1
        self.held: list[tuple[int, int]] = []
        self.valid_until: int | None = None
        self.grace_until: int | None = None
        self.lots: dict[str, Lot] = {}
        self.taken: dict[str, int] = {}
        self.counted: set[str] = set()
        self.cause: str | None = None
        self.points: list[dict[str, Any]] = []
        self.tiers: list[dict[str, Any]] = []

    def _unit(self, value: Any) -> int:
        return (self.shop.minor(str(value)) or 0) if self.money else int(value)

    def dues(self) -> list[int]:
        """Instants at which something may happen without a record; those of the past are passed over."""
        leaving = [at + self.window for _, at, _ in self.given] if self.window is not None else []
        dues = (self.valid_until, self.grace_until, self.bonuses.due())
        return [*leaving, *(one for one in dues if one is not None)]

    @property
    def standing(self) -> tuple[str | None, int]:
        """Tier and balance, as conditions see them."""
        return (self.levels[self.level] if self.level >= 0 else None), self.balance

    @property
    def balance(self) -> int:
        earned = sum(lot.points for lot in self.lots.values()) - sum(self.taken.values())
        return earned + sum(points for points, _, _ in self.given)

    def value(self, facts: Facts) -> int:
        """The metric now. Points and spend count at their order's time (readings.md, 23 and 40)."""
        oldest = None if self.window is None else facts.now - self.window
        bonuses = [points for points, at, _ in self.given if not self.money and (oldest is None or at > oldest)]
        return sum(self._parts(facts).values()) + sum(bonuses)

    def _parts(self, facts: Facts) -> dict[str, int]:
        oldest = None if self.window is None else facts.now - self.window
        parts = {}
        for order_id, order in facts.orders.items():
            if order.completed is None or (oldest is not None and order.time <= oldest):
                continue
            if self.money:
                parts[order_id] = order.net if order.counts else 0
            elif order_id in self.lots:
                parts[order_id] = self.lots[order_id].points - self.taken.get(order_id, 0)
        return parts

    def record(self, record: Record, facts: Facts, earlier: Facts) -> None:
        """Apply a record that `facts` has and `earlier`, of the same instant, has not."""
        before = self.value(earlier)
        self.cause = record.message_id
        order = facts.orders.get(record.order_id or record.message_id)
        if record.name not in ORDER_EVENTS:
            order = None
        completes = record.name == "Order Completed" and order is not None and not order.cancelled
        if self.level < 0 and (completes or self.bonuses.joins(record)):
            self._join(facts)
        if order is None:
            if self.level >= 0:
                self._give(self.bonuses.record(record, facts), facts)
                self._confirmed(facts)
                self.bonuses.look(facts)
                self._evaluate(facts)
            return
        if record.name == "Order Completed" and order.completed is record:
            self._earn(order, facts)
        reversed_before = dict(self.taken)
        self._reverse(order, facts)
        if self.level < 0:
            return
        self._give(self.bonuses.record(record, facts), facts)
        self._take_back(order, facts)
        self._confirmed(facts)
        self.bonuses.look(facts)
        if record.name in ("Order Refunded", "Order Cancelled"):
            taken = self.money or self.taken != reversed_before
            self._fall(order, before, taken, facts)
        self._evaluate(facts)

    def _join(self, facts: Facts) -> None:
        self.level = 0
        self.held.append((facts.now, 0))
        self.bonuses.joined = facts.now
        self._tier("joined", None, 0, facts, self.start[0], value=0)

    def referred(self, record: Record, facts: Facts) -> None:
        """A friend's event that names this shopper as the one who referred."""
        self.cause = record.message_id
        if self.bonuses.referrer(record) is None:
            return
        if self.level < 0:
            self._join(facts)
        self._give(self.bonuses.referred(record), facts)
        self.bonuses.look(facts)
        self._evaluate(facts)

    def _give(self, grants: list[Grant], facts: Facts) -> None:
        for grant in grants:
            self.given.append(grant)
            self._entry("bonus", grant[0], grant[2], facts)

    def _take_back(self, order: Order, facts: Facts) -> None:
        """A bonus of an order goes with the whole of it."""
        if order.cancelled or (order.refunds and order.refunded == order.value):
            if order.cancelled and self.bonuses.first == order.order_id:
                self.bonuses.first = None
            for grant in [one for one in self.given if one[2] == order.order_id]:
                self.given.remove(grant)
                self._entry("reversed", -grant[0], order.order_id, facts)

    def _confirmed(self, facts: Facts) -> None:
        if any(order.counts and (order.net or not order.value) for order in facts.orders.values()):
            self._give(self.bonuses.confirmed(facts.now), facts)

    def _earn(self, order: Order, facts: Facts) -> None:
        held = [level for at, level in self.held if at <= order.time]
        multiplier = self.multipliers[held[-1] if held else 0]
        first = self.bonuses.first in (None, order.order_id)
        lot = Lot(order, self.bonuses.rates(order, first), multiplier, self.shop)
        if not self.bonuses.has_rates:
            return
        self.lots[order.order_id] = lot
        if lot.points and not order.cancelled:
            self._entry("confirmed", lot.points, order.order_id, facts)
        elif order.cancelled:
            self.taken[order.order_id] = lot.points

    def _reverse(self, order: Order, facts: Facts) -> None:
        lot = self.lots.get(order.order_id)
        if lot is None:
            return
        # Parked refunds arrive with their order, one line each: fold them one by one.
        refunds, cancelled = order.refunds, order.cancelled
        for count in range(len(refunds) + 1):
            partial = Order(order.order_id, order.completed, order.value, refunds=refunds[:count])
            partial.cancelled = cancelled and count == len(refunds)
            delta = lot.reversed(partial, self.shop) - self.taken.get(order.order_id, 0)
            if delta > 0:
                self.taken[order.order_id] = self.taken.get(order.order_id, 0) + delta
                self._entry("reversed", -delta, order.order_id, facts)

    def _fall(self, order: Order, before: int, taken: bool, facts: Facts) -> None:
        """readings.md, 45, last: an order that made the last upgrade is reversed, and the metric is below the level."""
        value = self.value(facts)
        if not taken or self.level <= 0 or order.order_id not in self.counted:
            return
        if not value < self.start[self.level] <= before:
            return
        qualified = max(i for i, start in enumerate(self.start) if start <= max(value, self.start[0]))
        if qualified < self.level:
            self._move("downgraded", qualified, facts, self.start[self.level])

    def _evaluate(self, facts: Facts) -> None:
        """Look until nothing changes: without a term a review is due at every instant."""
        before = -2
        while before != self.level:
            before = self.level
            self._look(facts)

    def _look(self, facts: Facts) -> None:
        value = self.value(facts)
        best = max(i for i, start in enumerate(self.start) if start <= max(value, self.start[0]))
        if best > self.level:
            self.counted = {order_id for order_id, part in self._parts(facts).items() if part > 0}
            self._move("upgraded", best, facts, self.start[best])
        elif self.grace_until is not None and value >= self.keep[self.level]:
            self.grace_until = None
            self.valid_until = later(facts.now, self.term, self.shop.zone) if self.term else None
            self._tier("renewed", self.level, self.level, facts, self.keep[self.level])
        elif self.term is None and self.grace_until is None and self.level > 0 and value < self.keep[self.level]:
            self._review(facts)

    def _move(self, change: str, to: int, facts: Facts, threshold: int) -> None:
        level, self.level = self.level, to
        self.held.append((facts.now, to))
        if change == "downgraded":
            self.counted = set()
        self.grace_until = None
        self.valid_until = later(facts.now, self.term, self.shop.zone) if self.term and to > 0 else None
        self._tier(change, level, to, facts, threshold)

    def fire(self, facts: Facts) -> None:
        """All reviews and ends of grace due by now, without a record."""
        self.cause = None
        grants = self.bonuses.fire(facts)
        self._give(grants, facts)
        if grants:
            self._evaluate(facts)
        while self.grace_until is not None or self.valid_until is not None:
            if self.grace_until is not None and self.grace_until <= facts.now:
                self._downgrade(facts)
            elif self.grace_until is None and self.valid_until is not None and self.valid_until <= facts.now:
                self._review(facts)
            else:
                break
        if self.level > 0:
            self._evaluate(facts)

    def _review(self, facts: Facts) -> None:
        if self.value(facts) >= self.keep[self.level]:
            assert self.valid_until is not None
            self.valid_until = later(self.valid_until, self.term, self.shop.zone)
            self._tier("renewed", self.level, self.level, facts, self.keep[self.level])
        elif self.grace and span(self.grace):
            self.grace_until = later(facts.now, self.grace, self.shop.zone)
            self.valid_until = self.grace_until
            self._tier("will_downgrade", self.level, self._lower(facts), facts, self.keep[self.level])
        else:
            self._downgrade(facts)

    def _lower(self, facts: Facts) -> int:
        if self.one_level:
            return self.level - 1
        value = max(self.value(facts), self.start[0])
        return min(self.level - 1, max(i for i, start in enumerate(self.start) if start <= value))

    def _downgrade(self, facts: Facts) -> None:
        self._move("downgraded", self._lower(facts), facts, self.keep[self.level])

    def _entry(self, entry: str, points: int, order_id: str | None, facts: Facts) -> None:
        self.points.append(
            {
                "effective_at": facts.now,
                "cause": self.cause,
                "programme": self.name,
                "entry": entry,
                "points": points,
                "balance": self.balance,
                "pending": 0,
                "order_id": order_id,
                "expires_at": None,
            }
        )

    def _tier(
        self, change: str, level: int | None, to: int, facts: Facts, threshold: int, value: int | None = None
    ) -> None:
        value = self.value(facts) if value is None else value
        above = max(self.start[self.level + 1] - value, 0) if self.level + 1 < len(self.levels) else None
        keep = max(self.keep[self.level] - value, 0)
        shown = self.shop.money if self.money else (lambda amount: amount)
        self.tiers.append(
            {
                "effective_at": facts.now,
                "cause": self.cause,
                "programme": self.name,
                "change": change,
                "from": None if level is None else self.levels[level],
                "to": self.levels[to],
                "metric": self.metric,
                "value": shown(value),
                "threshold": shown(threshold),
                "valid_until": self.valid_until,
                "points_to_next": None if above is None else shown(above),
                "points_to_keep": shown(keep),
            }
        )
