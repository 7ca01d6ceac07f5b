"""The tiers of one shopper in one programme, looked at again at each instant (semantics.md, 6; readings.md, 45)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import begin_of, later, months_later, next_begin
from tests.oracle.values import Shop, span


@dataclass
class Part:
    """What one order or bonus adds to the metric. key: which; time: when it counts, ms."""

    key: str
    time: int
    amount: int


class Ladder:
    """level: place of the tier held, -1 before joining. lines: of `loyalty-tiers`."""

    def __init__(self, name: str, entry: dict[str, Any], shop: Shop) -> None:
        self.name, self.entry, self.shop = name, entry, shop
        self.metric = entry["metric"]
        self.money = self.metric == "spend"
        levels = entry["levels"]
        self.names = [level["name"] for level in levels]
        self.start = [self._unit(level["from"]) for level in levels]
        self.keep = [self._unit(level.get("keep", level["from"])) for level in levels]
        self.multipliers = [Fraction(str(level.get("multiplier", 1))) for level in levels]
        self.term, self.grace = entry.get("term"), entry.get("grace")
        self.window = entry.get("window", "lifetime")
        self.level = -1
        self.history: list[tuple[int, int]] = []
        self.joined: int | None = None
        self.valid_until: int | None = None
        self.grace_until: int | None = None
        self.counted: set[str] = set()
        self.lines: list[dict[str, Any]] = []
        self.parts: list[Part] = []
        self.now = 0
        self.cause: str | None = None

    def _unit(self, value: Any) -> int:
        return (self.shop.minor(str(value)) or 0) if self.money else int(value)

    # The metric.

    def since(self, now: int) -> int | None:
        """First instant that counts at `now`; None: all of time."""
        window, zone = self.window, self.shop.zone
        if window == "lifetime":
            return None
        if "rolling" in window:
            return now - span(window["rolling"]) + 1
        if "calendar" in window:
            return begin_of(now, window["calendar"], zone)
        from_ = self._anchor()
        years = 0
        while months_later(from_, 12 * (years + 1), zone) <= now:
            years += 1
        return months_later(from_, 12 * years, zone)

    def _anchor(self) -> int:
        """The instant whose anniversaries part the metric."""
        if self.window["anniversary"] == "joined":
            return self.joined if self.joined is not None else self.now
        return self.history[-1][0] if self.history else self.now

    def counting(self) -> list[Part]:
        since = self.since(self.now)
        return [part for part in self.parts if since is None or part.time >= since]

    def value(self) -> int:
        return sum(part.amount for part in self.counting())

    def instants(self) -> set[int]:
        """Every instant at which time alone may do something."""
        found = {one for one in (self.valid_until, self.grace_until) if one is not None}
        if self.valid_until is not None and self.grace_until is None:
            found |= {self.valid_until - span(notice) for notice in self.entry.get("notices", [])}
        if self.window != "lifetime" and "rolling" in self.window:
            found |= {part.time + span(self.window["rolling"]) for part in self.parts}
        elif self.window != "lifetime" and "calendar" in self.window:
            found.add(next_begin(self.now, self.window["calendar"], self.shop.zone))
        elif self.window != "lifetime" and self.level >= 0:
            found.add(months_later(self.since(self.now) or 0, 12, self.shop.zone))
        return found

    # What moves it.

    def held_at(self, time: int) -> int:
        """The level at an instant; the lowest before joining."""
        held = [level for at, level in self.history if at <= time]
        return held[-1] if held else 0

    def join(self) -> None:
        self.level, self.joined = 0, self.now
        self.history.append((self.now, 0))
        self._tell("joined", None, 0, self.start[0], 0)

    def qualified(self, value: int) -> int:
        return max(i for i, start in enumerate(self.start) if start <= max(value, self.start[0]))

    def reverse(self, key: str, before: int) -> None:
        """A reversal of an order that counted for the last upgrade, from `before`: down at once, without grace."""
        value = self.value()
        if self.level <= 0 or key not in self.counted or not value < self.start[self.level] <= before:
            return
        level = self.qualified(value)
        if level < self.level:
            self._move("downgraded", level, self.start[self.level])

    def settle(self) -> None:
        """Look until nothing changes: without a term a review is due at every instant."""
        before = -2
        while before != self.level:
            before = self.level
            self._look()

    def _look(self) -> None:
        value = self.value()
        best = self.qualified(value)
        if best > self.level:
            self.counted = {part.key for part in self.counting() if part.amount > 0}
            self._move("upgraded", best, self.start[best])
        elif self.grace_until is not None and value >= self.keep[self.level]:
            self.grace_until = None
            self.valid_until = later(self.now, self.term, self.shop.zone) if self.term else None
            self._tell("renewed", self.level, self.level, self.keep[self.level], value)
        elif self.term is None and self.grace_until is None and self.level > 0 and value < self.keep[self.level]:
            self._review()

    def pass_time(self) -> None:
        """All reviews and ends of grace due by now, then notices."""
        due = self.valid_until
        while self.grace_until is not None or self.valid_until is not None:
            if self.grace_until is not None and self.grace_until <= self.now:
                self._move("downgraded", self.lower(), self.keep[self.level])
            elif self.grace_until is None and self.valid_until is not None and self.valid_until <= self.now:
                self._review()
            else:
                break
        self.settle()
        if self.valid_until == due and self.grace_until is None and self.level > 0:
            self._give_notice()

    def _give_notice(self) -> None:
        value = self.value()
        if self.valid_until is None or value >= self.keep[self.level]:
            return
        for notice in dict.fromkeys(map(span, self.entry.get("notices", []))):
            if self.valid_until - notice == self.now:
                self._tell("will_downgrade", self.level, self.lower(), self.keep[self.level], value)

    def _review(self) -> None:
        value = self.value()
        if value >= self.keep[self.level]:
            assert self.valid_until is not None
            self.valid_until = later(self.valid_until, self.term, self.shop.zone)
            self._tell("renewed", self.level, self.level, self.keep[self.level], value)
        elif self.grace and later(0, self.grace, "UTC"):
            self.grace_until = self.valid_until = later(self.now, self.grace, self.shop.zone)
            self._tell("will_downgrade", self.level, self.lower(), self.keep[self.level], value)
        else:
            self._move("downgraded", self.lower(), self.keep[self.level])

    def lower(self) -> int:
        if self.entry.get("downgrade", "one_level") == "one_level":
            return self.level - 1
        return min(self.level - 1, self.qualified(self.value()))

    def _move(self, change: str, to: int, threshold: int) -> None:
        level, value = self.level, self.value()
        self.level = to
        self.history.append((self.now, to))
        if change == "downgraded":
            self.counted = set()
        self.grace_until = None
        self.valid_until = later(self.now, self.term, self.shop.zone) if self.term and to > 0 else None
        self._tell(change, level, to, threshold, value)

    def _tell(self, change: str, from_: int | None, to: int, threshold: int, value: int) -> None:
        above = max(self.start[self.level + 1] - value, 0) if self.level + 1 < len(self.names) else None
        shown = self.shop.money if self.money else (lambda amount: amount)
        self.lines.append(
            {
                "effective_at": self.now,
                "cause": self.cause,
                "programme": self.name,
                "change": change,
                "from": None if from_ is None else self.names[from_],
                "to": self.names[to],
                "metric": self.metric,
                "value": shown(value),
                "threshold": shown(threshold),
                "valid_until": self.valid_until,
                "points_to_next": None if above is None else shown(above),
                "points_to_keep": shown(max(self.keep[self.level] - value, 0)),
            }
        )
