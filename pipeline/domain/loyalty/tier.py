"""Tiers: the ladder that a programme's metric carries a shopper up and down (readings.md, 45; semantics.md, part 6)."""

from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.decision import LOYALTY_TIERS, Moment
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.metric import Metric
from pipeline.domain.loyalty.term import after
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Standing
from pipeline.domain.value.money import render

# Changes of level that are remembered, for the multiplier of orders that arrive late.
HISTORY = 16


class Tiers:
    """The tiers of one programme.

    With a term a level is reviewed when its term ends; without one at every instant, by timers at the exact ms at
    which orders leave the window. Below `keep` the grace runs, then the level is lost. The lowest is never reviewed.
    """

    __slots__ = ("_grace", "_keep", "_keeps_history", "_metric", "_money", "_names", "_programme", "_start", "_zone")

    def __init__(self, programme: ProgrammeDefinition, plan: Plan, metric: Metric) -> None:
        self._programme = programme
        self._metric = metric
        self._zone = ZoneInfo(plan.timezone)
        self._money = plan.currency if programme.metric == "spend" else ""
        self._names = [level.name for level in programme.levels]
        self._start = [level.start for level in programme.levels]
        # A level kept at more than it is entered at would be lost and won in one breath.
        self._keep = [min(level.keep, level.start) for level in programme.levels]
        self._grace = bool(programme.grace.ms or programme.grace.months)
        self._keeps_history = len({level.multiplier for level in programme.levels}) > 1

    def name(self, standing: Standing) -> str:
        return self._names[min(standing.level, len(self._names) - 1)]

    def level_at(self, standing: Standing, instant: int) -> int:
        """The level held at `instant`; before what is remembered (HISTORY changes), the oldest level remembered."""
        history = standing.history
        if instant >= standing.since or not history:
            return standing.level
        for at in range(len(history) - 2, -1, -2):
            if history[at] <= instant:
                return history[at + 1]
        return history[1]

    def join(self, standing: Standing, value: int, moment: Moment) -> None:
        """Enter the lowest level. value: the metric before the event that made the shopper join."""
        self._move(standing, 0, moment.now)
        self._tell(standing, "joined", None, 0, value, self._start[0], moment)

    def settle(self, shopper: Shopper, standing: Standing, moment: Moment, lost_from: int | None = None) -> None:
        """Take the level that the metric asks for now, after an event.

        lost_from: the metric before the event, if it took value from an order that counted for the last upgrade; if
        that brings the metric below what the level is entered at, the level is lost at once, without grace.
        """
        value = self._metric.value(shopper, standing, moment.now)
        level = standing.level
        qualified = self._qualified(value)
        if lost_from is not None and level > 0 and lost_from >= self._start[level] > value:
            self._downgrade(standing, min(qualified, level - 1), value, self._start[level], moment)
        elif qualified > level:
            self._upgrade(standing, qualified, value, moment)
        elif standing.grace_until:
            if value >= self._keep[level]:
                self._renew(standing, value, moment)
        elif self._programme.term is None:
            self._fall(standing, value, moment)
        self._set_due(shopper, standing, moment.now)

    def on_due(self, shopper: Shopper, standing: Standing, moment: Moment) -> None:
        """End a grace, review at the end of a term, or follow the metric down, whichever is due at `moment.now`."""
        value = self._metric.value(shopper, standing, moment.now)
        kept = value >= self._keep[standing.level]
        if standing.grace_until:
            if kept:
                self._renew(standing, value, moment)
            else:
                self._downgrade(standing, self._below(standing, value), value, self._keep[standing.level], moment)
                if self._programme.term is None:
                    self._fall(standing, value, moment)
        elif self._programme.term is None:
            self._fall(standing, value, moment)
        elif kept:
            self._renew(standing, value, moment)
        else:
            self._lose(standing, value, moment)
        self._set_due(shopper, standing, moment.now)

    def adapt(self, standing: Standing, now: int) -> None:
        """Fit a standing to a programme that was changed: fewer levels, a term given or taken."""
        standing.level = min(standing.level, len(self._names) - 1)
        if self._programme.term is None:
            standing.valid_until = 0
        elif standing.level > 0 and not standing.valid_until:
            standing.valid_until = after(now, self._programme.term, self._zone)
        if not self._grace or standing.level == 0:
            standing.grace_until = 0

    def _qualified(self, value: int) -> int:
        level = len(self._start) - 1
        while level > 0 and value < self._start[level]:
            level -= 1
        return level

    def _below(self, standing: Standing, value: int) -> int:
        """The level that a lost one gives way to."""
        lower = standing.level - 1
        return lower if self._programme.downgrade == "one_level" else min(self._qualified(value), lower)

    def _fall(self, standing: Standing, value: int, moment: Moment) -> None:
        """Without a term: down as far as `keep` is missed, or into the grace of the first level that misses it."""
        while standing.level > 0 and value < self._keep[standing.level] and not standing.grace_until:
            self._lose(standing, value, moment)

    def _lose(self, standing: Standing, value: int, moment: Moment) -> None:
        level, keep = standing.level, self._keep[standing.level]
        if not self._grace:
            self._downgrade(standing, self._below(standing, value), value, keep, moment)
            return
        standing.grace_until = after(moment.now, self._programme.grace, self._zone)
        self._tell(standing, "will_downgrade", level, self._below(standing, value), value, keep, moment)

    def _upgrade(self, standing: Standing, to: int, value: int, moment: Moment) -> None:
        level = standing.level
        self._move(standing, to, moment.now)
        standing.promoted_at = moment.now
        standing.promoted_lots = standing.lots_taken
        self._tell(standing, "upgraded", level, to, value, self._start[to], moment)

    def _downgrade(self, standing: Standing, to: int, value: int, threshold: int, moment: Moment) -> None:
        level = standing.level
        self._move(standing, to, moment.now)
        standing.promoted_at = standing.promoted_lots = 0
        self._tell(standing, "downgraded", level, to, value, threshold, moment)

    def _renew(self, standing: Standing, value: int, moment: Moment) -> None:
        standing.grace_until = 0
        self._begin_term(standing, moment.now)
        self._tell(standing, "renewed", standing.level, standing.level, value, self._keep[standing.level], moment)

    def _move(self, standing: Standing, to: int, now: int) -> None:
        standing.level = to
        standing.since = now
        standing.grace_until = 0
        if self._keeps_history:
            standing.history = [*standing.history, now, to][-2 * HISTORY :]
        self._begin_term(standing, now)

    def _begin_term(self, standing: Standing, now: int) -> None:
        term = self._programme.term
        standing.valid_until = after(now, term, self._zone) if term is not None and standing.level > 0 else 0

    def _set_due(self, shopper: Shopper, standing: Standing, now: int) -> None:
        if standing.level <= 0:
            standing.due = 0
        elif standing.grace_until:
            standing.due = standing.grace_until
        elif self._programme.term is not None:
            standing.due = standing.valid_until
        else:
            standing.due = self._metric.falls_below(shopper, standing, now, self._keep[standing.level])

    def _amount(self, number: int) -> int | dict[str, Any]:
        return render(number, self._money) if self._money else number

    def _tell(
        self, standing: Standing, change: str, before: int | None, to: int, value: int, threshold: int, moment: Moment
    ) -> None:
        """`to` of will_downgrade: what the metric makes of it by now. What is missing counts from the level held."""
        level = standing.level
        above = level + 1
        missing = None if above == len(self._start) else self._amount(max(0, self._start[above] - value))
        standing.sequence += 1
        moment.decide(
            LOYALTY_TIERS,
            f"loyalty.{change}",
            self._programme.identity,
            (self._programme.name, standing.sequence),
            {
                "programme": self._programme.name,
                "change": change,
                "from": None if before is None else self._names[before],
                "to": self._names[to],
                "metric": self._programme.metric,
                "value": self._amount(value),
                "threshold": self._amount(threshold),
                "valid_until": standing.grace_until or standing.valid_until or None,
                "points_to_next": missing,
                "points_to_keep": self._amount(max(0, self._keep[level] - value)),
            },
        )
