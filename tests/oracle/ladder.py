"""The tiers of one shopper in one programme, looked at again at each instant (semantics.md, 6; readings.md, 45)."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from tests.oracle.calendar import begin_of, later, months_later, next_begin
from tests.oracle.history import Record
from tests.oracle.values import Shop, instant, span


@dataclass
class Part:
    """What one order or bonus adds to the metric. key: which; time: when it counts, ms."""

    key: str
    time: int
    amount: int


@dataclass
class Word:
    """What somebody said of the tier last: which level (-1: none), until when (None: no end), said at which time."""

    level: int = -1
    until: int | None = None
    said: int = -1


class Ladder:
    """level: place of the tier that the metric leads to, -1 before joining; lock: what is shown instead; grant: what is
    the least. history: of what was shown. moved, moved_by: when and why the level was reached. lines: of
    `loyalty-tiers`."""

    def __init__(self, name: str, entry: dict[str, Any], shop: Shop) -> None:
        self.name, self.entry, self.shop = name, entry, shop
        self.metric = entry["metric"]
        self.money = self.metric == "spend"
        levels = entry["levels"]
        self.names = [level["name"] for level in levels]
        self.start = [self._unit(level.get("from")) for level in levels]
        self.keep = [self._unit(level.get("keep", level.get("from"))) for level in levels]
        self.multipliers = [Fraction(str(level.get("multiplier", 1))) for level in levels]
        self.granted_by = {level["granted_by"]: i for i, level in enumerate(levels) if "granted_by" in level}
        self.term, self.grace = entry.get("term"), entry.get("grace")
        self.window = entry.get("window", "lifetime")
        self.periods = self.window != "lifetime" and "rolling" not in self.window
        self.level, self.moved, self.moved_by = -1, 0, ""
        self.lock, self.grant = Word(), Word()
        self.history: list[tuple[int, int]] = []
        self.joined: int | None = None
        self.valid_until: int | None = None
        self.grace_until: int | None = None
        self.begun = 0
        self.counted: set[str] = set()
        self.promotion: tuple[int | None, int] = (None, 0)
        self.lines: list[dict[str, Any]] = []
        self.parts: list[Part] = []
        self.orders: set[str] = set()
        self.now = 0
        self.cause: str | None = None
        self.order_id: str | None = None

    def _unit(self, value: Any) -> int | None:
        if value is None:
            return None
        return (self.shop.minor(str(value)) or 0) if self.money else int(value)

    @property
    def held(self) -> int:
        return self.level if self.lock.level < 0 else self.lock.level

    @property
    def floor(self) -> int:
        return max(0, self.grant.level)

    # The metric.

    def period(self, now: int) -> tuple[int | None, int]:
        """First instant that counts at `now`, None: all of time; and the first after its period."""
        zone = self.shop.zone
        if "calendar" in self.window:
            unit = self.window["calendar"]
            return begin_of(now, unit, zone), next_begin(now, unit, zone)
        of_tier = self.window["anniversary"] == "tier"
        from_ = self.moved if of_tier else self.joined
        if from_ is None or self.level < 0:
            return None, now + 1
        years = 0
        while months_later(from_, 12 * (years + 1), zone) <= now:
            years += 1
        begin: int | None = months_later(from_, 12 * years, zone)
        if years == 0:
            # What made the shopper join was before it, what brought a level does not count for the next.
            begin = from_ + 1 if of_tier and (self.level, self.moved) != (0, self.joined) else None
        return begin, months_later(from_, 12 * (years + 1), zone)

    def since(self, now: int) -> int | None:
        if self.window == "lifetime":
            return None
        return now - span(self.window["rolling"]) + 1 if "rolling" in self.window else self.period(now)[0]

    def counting(self, since: int | None, before: int | None = None) -> list[Part]:
        return [
            part
            for part in self.parts
            if (since is None or part.time >= since) and (before is None or part.time < before)
        ]

    def value(self) -> int:
        return sum(part.amount for part in self.counting(self.since(self.now)))

    def _closing(self) -> tuple[int, int | None]:
        """The value that a review looks at, and since when it counts: at the end of a period that of what ends."""
        since = self.since(self.now - 1 if self.periods else self.now)
        return sum(part.amount for part in self.counting(since)), since

    def instants(self) -> set[int]:
        """Every instant at which time alone may do something."""
        ends = (self.valid_until, self.grace_until, self.lock.until, self.grant.until)
        found = {one for one in ends if one is not None}
        if self.valid_until is not None and self.grace_until is None:
            found |= {self.valid_until - span(notice) for notice in self.entry.get("notices", [])}
        if self.window != "lifetime" and "rolling" in self.window:
            found |= {part.time + span(self.window["rolling"]) for part in self.parts}
        elif self.periods and self.level >= 0:
            found.add(self.period(self.now)[1])
        return found

    # What moves it.

    def held_at(self, time: int) -> int:
        """The level shown at an instant; the lowest before joining."""
        held = [level for at, level in self.history if at <= time]
        return held[-1] if held else 0

    def join(self) -> None:
        value = self.value()
        self.level, self.joined, self.moved, self.moved_by = 0, self.now, self.now, "first_event"
        self.history.append((self.now, 0))
        self._tell("joined", "first_event", None, 0, self.start[0], 0 if self.metric != "points_active" else value)

    def qualified(self, value: int) -> int:
        return max(i for i, start in enumerate(self.start) if i == 0 or (start is not None and start <= value))

    def below(self, level: int) -> int:
        """The next level below that the metric leads to."""
        return max((i for i in range(level) if self.start[i] is not None), default=0)

    def kept(self, value: int) -> bool:
        keep = self.keep[self.level]
        return keep is not None and value >= keep

    def reverse(self, key: str, before: int) -> None:
        """A reversal of an order that counted for the last upgrade, from `before`: down at once, without grace."""
        value, start = self.value(), self.start[self.level]
        if self.entry.get("on_refund") == "at_review" or self.level <= self.floor or key not in self.counted:
            return
        if start is None or value >= start:
            return
        then = sum(part.amount for part in self.counting(*self.promotion)) if self.periods else -1
        if (before >= start) if not self.periods else (then < start):
            self._move("downgraded", "refund", max(self.floor, self.qualified(value)), start)

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
            self.counted = {part.key for part in self.counting(self.since(self.now)) if part.amount > 0}
            # The balance is made of all orders before.
            self.counted |= self.orders if self.metric == "points_active" else set()
            self.promotion = self.period(self.now) if self.periods else (None, 0)
            self._move("upgraded", "reached", best, self.start[best])
        elif self.grace_until is not None and self.kept(value):
            self._renew("regained", value)
        elif self.term is None and self.grace_until is None and self.level > self.floor and not self.kept(value):
            self._lose("below_keep", value, self.since(self.now))

    def meet(self, other: "Ladder") -> None:
        """Of locks, and of grants, the later word; then the higher tier, until it is looked at next."""
        if other.lock.said > self.lock.said:
            if other.lock.level < 0:
                self.lock.said = other.lock.said
                self._unlock("unlocked")
            else:
                before, self.lock = self.held, other.lock
                self._show(before, "locked")
        if other.grant.said > self.grant.said:
            before, self.grant = self.grant.level, other.grant
            if other.grant.level >= 0:
                self._take_grant(other.grant.level, before)
            elif self.level == before > 0:
                self._review("grant_ended")
        if other.level > max(self.level, self.qualified(self.value())):
            self._move("upgraded", "merged", other.level, None)

    def pass_time(self) -> None:
        """Ends of grants, all reviews and ends of grace due by now, then notices, then the end of a lock."""
        self.settle()
        due, term = self.valid_until, self.begun
        if self.grant.until is not None and self.grant.until <= self.now:
            level, self.grant.level, self.grant.until = self.grant.level, -1, None
            if self.level == level > 0:
                self._review("grant_ended")
        if self.grace_until is not None and self.grace_until <= self.now:
            self._end_grace()
        elif self.grace_until is None and self.valid_until is not None and self.valid_until <= self.now:
            self._review("review")
        if self.term is None and self.level > 0:
            self.settle()
        if self.valid_until == due and self.begun == term and self.grace_until is None and self.level > 0:
            self._give_notice()
        if self.lock.until is not None and self.lock.until <= self.now:
            self._unlock("lock_ended")

    def _give_notice(self) -> None:
        value = self.value()
        if self.valid_until is None or self.kept(value):
            return
        for notice in dict.fromkeys(map(span, self.entry.get("notices", []))):
            if self.valid_until - notice == self.now > self.begun:
                self._tell("will_downgrade", "notice", self.level, self.lower(value), self.keep[self.level], value)

    def _review(self, reason: str) -> None:
        value, since = self._closing()
        if self.kept(value):
            self._renew("review", value, since)
        else:
            self._lose(reason, value, since)

    def _end_grace(self) -> None:
        value, since = self._closing()
        if self.kept(value):
            self._renew("regained", value, since)
        else:
            self._move("downgraded", "grace_ended", self.lower(value), self.keep[self.level], value, since)

    def _lose(self, reason: str, value: int, since: int | None) -> None:
        keep = self.keep[self.level]
        if self.grace and later(0, self.grace, "UTC"):
            self.grace_until = self.valid_until = later(self.now, self.grace, self.shop.zone)
            self._tell("will_downgrade", reason, self.level, self.lower(value), keep, value, since)
        else:
            self._move("downgraded", reason, self.lower(value), keep, value, since)

    def _renew(self, reason: str, value: int, since: int | None = None) -> None:
        self.grace_until = None
        self._begin_term()
        threshold = None if reason == "granted" else self.keep[self.level]
        self._tell("renewed", reason, self.level, self.level, threshold, value, since)

    def _begin_term(self) -> None:
        runs = self.term and self.level > self.floor
        self.valid_until = later(self.now, self.term, self.shop.zone) if runs and self.term else None
        self.begun = self.now

    def lower(self, value: int) -> int:
        lower = self.below(self.level)
        if self.entry.get("downgrade", "one_level") != "one_level":
            lower = min(lower, self.qualified(value))
        return max(lower, self.floor)

    def _move(
        self, change: str, reason: str, to: int, threshold: int | None, value: int | None = None, since: Any = ""
    ) -> None:
        level = self.level
        value = self.value() if value is None else value
        since = self.since(self.now) if since == "" else since
        self.level, self.moved, self.moved_by = to, self.now, reason
        if self.lock.level < 0:
            self.history.append((self.now, to))
        if change == "downgraded" or reason in ("granted", "merged"):
            self.counted = set()
        self.grace_until = None
        self._begin_term()
        self._tell(change, reason, level, to, threshold, value, since)

    # What somebody says of it.

    def means(self, record: Record, alone: bool) -> int | None:
        """The level that a record is about, -1: the end of a lock; None: it is not about this programme's tiers."""
        if record.name in self.granted_by:
            return self.granted_by[record.name]
        if record.name not in ("Tier Locked", "Tier Unlocked", "Tier Granted"):
            return None
        named = record.properties.get("programme")
        if named != self.name and not (named is None and alone):
            return None
        if record.name == "Tier Unlocked":
            return -1
        tier = record.properties.get("tier")
        return self.names.index(tier) if tier in self.names else None

    def until(self, record: Record) -> tuple[bool, int | None]:
        """Whether the end of a lock or a grant can be read, and is to come; and the end, None: there is none."""
        raw = record.properties.get("until")
        end = None if raw is None else instant(raw)
        return (raw is None or (end is not None and (end > self.now or end == 0))), end or None

    def joins(self, record: Record, alone: bool) -> bool:
        level = self.means(record, alone)
        return level is not None and level >= 0 and self.until(record)[0]

    def say(self, record: Record, alone: bool) -> None:
        level = self.means(record, alone)
        readable, end = self.until(record)
        if level is None or (level >= 0 and not readable):
            return
        word = self.grant if record.name not in ("Tier Locked", "Tier Unlocked") else self.lock
        if record.time < word.said:
            return
        if level < 0:
            word.said = record.time
            self._unlock("unlocked")
        elif word is self.lock:
            before, self.lock = self.held, Word(level, end, record.time)
            self._show(before, "locked")
        elif word != Word(level, end, record.time):
            before, self.grant = self.grant.level, Word(level, end, record.time)
            self._take_grant(level, before)

    def _take_grant(self, level: int, before: int) -> None:
        if level > self.level:
            self._move("upgraded", "granted", level, None)
        elif level == self.level:
            self._renew("granted", self.value(), self.since(self.now))
        elif before == self.level > level:
            self._review("grant_ended")

    def _unlock(self, reason: str) -> None:
        if self.lock.level >= 0:
            before, self.lock = self.held, Word(said=self.lock.said)
            self._show(before, reason)

    def _show(self, before: int, reason: str) -> None:
        if self.held == before:
            return
        self.history.append((self.now, self.held))
        self._tell("upgraded" if self.held > before else "downgraded", reason, before, self.held, None, self.value(),
                   shown=True)  # fmt: skip

    def _ends(self) -> int | None:
        """`valid_until`, as lines tell it."""
        if self.lock.level >= 0:
            return self.lock.until
        if 0 < self.grant.level == self.level:
            return self.grant.until
        return self.valid_until

    def _tell(
        self, change: str, reason: str, from_: int | None, to: int, threshold: int | None, value: int,
        since: int | None = None, *, shown: bool = False,
    ) -> None:  # fmt: skip
        if self.lock.level >= 0 and not shown:
            return
        ahead = value if from_ is None or not self.periods or shown else self.value()
        above = next((start for start in self.start[self.held + 1 :] if start is not None), None)
        keep = self.keep[self.held]
        money = self.shop.money if self.money else (lambda amount: amount)
        self.lines.append(
            {
                "effective_at": self.now,
                "cause": self.cause,
                "programme": self.name,
                "change": change,
                "from": None if from_ is None else self.names[from_],
                "to": self.names[to],
                "metric": self.metric,
                "value": money(value),
                "threshold": None if threshold is None else money(threshold),
                "valid_until": self._ends(),
                "points_to_next": None if above is None else money(max(above - ahead, 0)),
                "points_to_keep": None if keep is None else money(max(keep - ahead, 0)),
                "reason": reason,
                "order_id": self.order_id,
            }
        )
