"""Bonuses of one programme: looked up anew in the whole history, by the words of readings.md, 43, and docs/rules.md."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from itertools import pairwise
from typing import Any

from tests.oracle.history import Record
from tests.oracle.operators import passes
from tests.oracle.orders import Order
from tests.oracle.segments import Facts
from tests.oracle.values import instant, reach, span
from tests.oracle.windows import day_of, first_day, first_instant, zone_of

UNITS = {"days": "day", "weeks": "week", "months": "month", "quarters": "quarter"}

Grant = tuple[int, int, str | None]
"""Points, the event time at which they count, and the order that they belong to."""


@dataclass
class Expected:
    """Of a friend who has not bought: whether it is to be looked at, and when the first order is confirmed."""

    held: bool
    confirms: int | None = None


def fits(times: list[int], at: int, limit: dict[str, Any] | None) -> bool:
    """Whether no span with one more at `at` in it holds more than the limit. Of two ids that met, others may."""
    if limit is None:
        return True
    if "within" not in limit:
        return len(times) < limit["times"]
    within = span(limit["within"])
    begins = [one for one in (*times, at) if at - within < one <= at]
    return all(sum(1 for one in times if begin <= one < begin + within) < limit["times"] for begin in begins)


def leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def in_year(month: int, day: int, year: int) -> date:
    return date(year, 2, 28) if (month, day) == (2, 29) and not leap(year) else date(year, month, day)


def born(value: Any) -> tuple[int, int] | None:
    """Month and day that a text says, with or without a year."""
    if not isinstance(value, str):
        return None
    text = "2000-" + value[2:] if value.startswith("--") else value
    return None if instant(text) is None else (int(text[5:7]), int(text[8:10]))


class Bonuses:
    def __init__(self, entry: dict[str, Any], topology: dict[str, Any]) -> None:
        rules = sorted(entry.get("earn", []), key=lambda rule: (-rule.get("priority", 0), rule.get("id", "")))
        self.rules = [rule for rule in rules if "per" not in rule]
        self._rates = [rule for rule in rules if "per" in rule]
        self.has_rates = bool(self._rates)
        self.shop = topology.get("shop", {}).get("timezone", "UTC")
        self.times: dict[int, list[int]] = {}
        self.years: dict[int, int] = {}
        self.dues: dict[int, tuple[int, int]] = {}
        self.counted: dict[int, int] = {}
        self.first: str | None = None
        self.joined: int | None = None
        self.waiting: dict[int, bool] = {}
        self.introduced: list[list[Any]] = []
        self.expected: dict[tuple[str, int], Expected] = {}
        self.friends: set[str] = set()

    def _of(self, record: Record) -> list[tuple[int, dict[str, Any]]]:
        return [
            (number, rule)
            for number, rule in enumerate(self.rules)
            if rule["on"] == record.name
            and record.behaviour
            and self._in_force(rule, record.time)
            and passes(record.properties, rule.get("where") or {}, record.time)
        ]

    def _in_force(self, rule: dict[str, Any], at: int) -> bool:
        start, end = (self._instant(rule.get(key)) for key in ("from", "until"))
        return (start is None or start <= at) and (end is None or at < end)

    def _instant(self, value: Any) -> int | None:
        text = str(value) if value is not None else None
        if text is not None and len(text) == 10:
            return first_instant(date.fromisoformat(text), self.shop)
        return instant(text)

    def rates(self, order: Order, first: bool) -> list[dict[str, Any]]:
        """The rates that an order earns by, in their order."""
        assert order.completed is not None
        properties = order.completed.properties
        return [
            rule
            for rule in self._rates
            if self._in_force(rule, order.time)
            and passes(properties, rule.get("where") or {}, order.time)
            and (first or not rule.get("first"))
        ]

    def joins(self, record: Record) -> bool:
        return record.name != "Order Completed" and any(
            "also" not in rule or self._referrer(rule, record) not in (None, record.shopper)
            for _, rule in self._of(record)
        )

    def referrer(self, record: Record) -> str | None:
        """Who else is to be told of the event."""
        told = [self._referrer(rule, record) for _, rule in self._of(record) if "also" in rule]
        return next((one for one in told if one not in (None, record.shopper)), None)

    def _referrer(self, rule: dict[str, Any], record: Record) -> str | None:
        found = reach(record.properties, rule["also"])
        return next((str(one) for one in found if one != ""), None)

    def note_first(self, record: Record, order: Order, facts: Facts) -> None:
        """An order is the first if nothing else stands when it arrives."""
        if order.completed is record and order.counts and self.first is None:
            others = [one for one in facts.orders.values() if one.counts and one is not order]
            self.first = None if others else order.order_id

    def record(self, record: Record, facts: Facts) -> list[Grant]:
        """What an event of the shopper earns, or a deed that it completes."""
        found: list[Grant] = []
        order = facts.orders.get(record.order_id or record.message_id)
        completes = record.name == "Order Completed" and order is not None and order.completed is record
        if record.name == "Order Completed" and (not completes or order is None or order.cancelled):
            return found
        counting = [one for one in facts.orders.values() if one.counts]
        is_first = order is not None and completes and self.first == order.order_id
        for number, rule in self._of(record):
            if "also" in rule:
                self._accept(number, rule, record, len(counting))
            elif not rule.get("first") or is_first:
                found += self._grant(number, rule, record.time, order.order_id if completes and order else None)
        if completes:
            found += self._missions(record, facts)
        return found

    def _grant(self, number: int, rule: dict[str, Any], at: int, order_id: str | None = None) -> list[Grant]:
        times = self.times.setdefault(number, [])
        limit = rule.get("limit", {"times": 1} if rule["on"] == "$mission" else None)
        if not fits(times, at, limit):
            return []
        times.append(at)
        return [(rule["points"], at, order_id)]

    def _accept(self, number: int, rule: dict[str, Any], record: Record, orders: int) -> None:
        referrer = self._referrer(rule, record)
        if referrer not in (None, record.shopper) and orders <= 1 and number not in self.waiting:
            self.waiting[number] = True
            self.introduced.append([referrer, number, record.shopper, None])

    def confirmed(self, now: int) -> list[Grant]:
        """What the shopper who was referred is given now that an order is confirmed."""
        found: list[Grant] = [(self.rules[number]["points"], now, None) for number, due in self.waiting.items() if due]
        self.waiting = dict.fromkeys(self.waiting, False)
        self.introduced = []
        return found

    def news(self, instant: int | None) -> list[tuple[int, list[Any]]]:
        """Whom to tell that the first order is confirmed then, by number."""
        told = [(at, one) for at, one in enumerate(self.introduced) if one[3] != instant]
        for _, one in told:
            one[3] = instant
        return told

    def expect(self, record: Record, looks: Callable[[], bool]) -> None:
        """A friend is there, of whom the event is. looks: whether what is given for one is to be looked at."""
        new = [
            (record.shopper, number)
            for number, rule in self._of(record)
            if "also" in rule and record.shopper not in self.friends and (record.shopper, number) not in self.expected
        ]
        held = bool(new) and looks()
        self.expected |= {one: Expected(held) for one in new}

    def pay(self, now: int) -> list[tuple[Grant, bool]]:
        """What the shopper is given for friends whose orders are confirmed, and whether it is to be looked at."""
        found = []
        due = [(one.confirms, who) for who, one in self.expected.items() if one.confirms and one.confirms <= now]
        for _, who in sorted(due, key=lambda each: each[0]):
            held = self.expected.pop(who).held
            for grant in self._grant(who[1], self.rules[who[1]], now):
                self.friends.add(who[0])
                found.append((grant, held))
        return found

    def _zone(self, facts: Facts) -> str:
        """Late events tell of no zone (readings.md, 19)."""
        return zone_of([one for one in facts.records if not one.late_segments], facts.traits, self.shop)

    def _missions(self, record: Record, facts: Facts) -> list[Grant]:
        found: list[Grant] = []
        zone = self._zone(facts)
        for number, rule in enumerate(self.rules):
            if rule["on"] != "$mission" or not self._in_force(rule, record.time):
                continue
            (key,) = [key for key in rule["orders_in"] if key in UNITS]
            needed, unit = rule["orders_in"][key], UNITS[key]
            since = max(self.counted.get(number, 0), self._instant(rule.get("from")) or 0)
            times = [order.time for order in facts.orders.values() if order.counts and order.time >= since]
            periods = sorted({first_day(unit, day_of(at, zone)) for at in times})
            runs = [periods[max(0, i - needed) : i] for i in range(needed, len(periods) + 1)]
            if rule["orders_in"].get("in_a_row"):
                runs = [run for run in runs if all(following(unit, a) == b for a, b in pairwise(run))]
            if runs and (grants := self._grant(number, rule, record.time)):
                self.counted[number] = first_instant(following(unit, runs[-1][-1]), zone)
                found += grants
        return found

    def look(self, facts: Facts) -> None:
        """When the next day is, now that traits and zone are known."""
        zone = self._zone(facts)
        self.dues = {}
        for number, rule in enumerate(self.rules):
            least = self.years.get(number, 0)
            if rule["on"] == "$birthday":
                values = reach(facts.traits, rule["trait"])
                day = born(values[0]) if values else None
            elif rule["on"] == "$anniversary" and self.joined is not None:
                joined = day_of(self.joined, zone)
                day, least = (joined.month, joined.day), max(least, joined.year)
            else:
                continue
            if day is not None:
                years = range(max(day_of(facts.now, zone).year - 1, least + 1), day_of(facts.now, zone).year + 9)
                instants = [(first_instant(in_year(*day, year), zone), year) for year in years]
                self.dues[number] = min(one for one in instants if one[0] > facts.now)

    def due(self) -> int | None:
        return min((due for due, _ in self.dues.values()), default=None)

    def fire(self, facts: Facts) -> list[Grant]:
        found: list[Grant] = []
        for number, (due, year) in self.dues.items():
            if due <= facts.now:
                self.years[number] = year
                if self._in_force(self.rules[number], due):
                    found.append((self.rules[number]["points"], due, None))
        self.look(facts)
        return found


def following(unit: str, first: date) -> date:
    """The first day of the period after the one that begins at `first`."""
    return first_day(
        unit, date.fromordinal(first.toordinal() + {"day": 1, "week": 7, "month": 31, "quarter": 92}[unit])
    )
