"""Tiers: the ladder that a programme's metric carries a shopper up and down (readings.md, 45; semantics.md, part 6)."""

from zoneinfo import ZoneInfo

from pipeline.domain.definition import Plan
from pipeline.domain.loyalty import tier_line as why
from pipeline.domain.loyalty.ladder import Ladder, Measure
from pipeline.domain.loyalty.tenure import floor_of, is_locked, next_notice, own_dues, remember, tenure_of
from pipeline.domain.loyalty.term import after
from pipeline.domain.loyalty.tier_line import Case, TierLines
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.shopping import Standing
from pipeline.domain.value.instant import soonest


class Tiers:
    """The tiers of one programme as its metric moves them. A grant is a floor under them, and while a tier is locked
    nothing of them is told (manual.py).

    With a term a level is reviewed when its term ends; without one at every instant, by timers at the exact ms at
    which orders leave the window. Below `keep` the grace runs, then the level is lost. The lowest is never reviewed.
    """

    __slots__ = ("_grace", "_keeps_history", "_ladder", "_lines", "_programme", "_window", "_zone")

    def __init__(self, programme: ProgrammeDefinition, plan: Plan, ladder: Ladder) -> None:
        self._programme = programme
        self._ladder = ladder
        self._window = ladder.metric.window
        self._zone = ZoneInfo(plan.timezone)
        self._lines = TierLines(programme, plan)
        self._grace = bool(programme.grace.ms or programme.grace.months)
        self._keeps_history = len({level.multiplier for level in programme.levels}) > 1

    def name(self, level: int) -> str:
        return self._ladder.names[min(level, len(self._ladder.names) - 1)]

    def join(self, case: Case, value: int) -> None:
        """Enter the lowest level. value: the metric before the event that made the shopper join."""
        if self._window.of_member:
            tenure_of(case.standing).joined = case.now
        self._move(case, 0, why.FIRST_EVENT)
        measure = Measure(value, self._ladder.begin(case.standing, case.now))
        self._tell(case, "joined", why.FIRST_EVENT, None, 0, measure, self._ladder.start(0))

    def settle(self, case: Case, lost_from: int | None = None) -> None:
        """Take the level that the metric asks for now, after an event.

        lost_from: the metric before the event, if it took value from an order that counted for the last upgrade; if
        that brings the metric below what the level is entered at, the level is lost at once, without grace.
        """
        measure, standing = self._ladder.measure(case), case.standing
        level, floor = standing.level, floor_of(standing)
        qualified = self._ladder.qualified(measure.value)
        lost_from = lost_from if level > floor and self._programme.on_refund == "immediate" else None
        if lost_from is not None and self._ladder.is_undone(case, lost_from, measure.value):
            to = max(floor, min(qualified, self._ladder.next_below(level)))
            self._downgrade(case, to, measure, self._ladder.start(level), why.REFUND)
        elif qualified > level:
            self._upgrade(case, qualified, measure)
        elif standing.grace_until:
            if self._ladder.keeps(level, measure.value):
                self._renew(case, measure, why.REGAINED)
        elif self._programme.term is None:
            self._fall(case, measure)
        self.set_due(case)

    def on_due(self, case: Case) -> None:
        """End a grace, review at the end of a term, or follow the metric down, whichever is due; then give notice."""
        standing, now = case.standing, case.now
        if 0 < standing.grace_until <= now:
            self._end_grace(case)
        elif self._programme.term is None:
            if not standing.grace_until:
                self._fall(case, self._ladder.measure(case))
        elif not standing.grace_until and 0 < standing.valid_until <= now:
            self.review(case, why.REVIEWED)
        if 0 < next_notice(standing, self._programme.notices) <= now:
            self._give_notice(case)

    def review(self, case: Case, reason: str) -> None:
        """Keep the level, or lose it. reason: why it is looked at."""
        measure = self._ladder.measure(case, closing=True)
        if self._ladder.keeps(case.standing.level, measure.value):
            self._renew(case, measure, why.REVIEWED)
        else:
            self._lose(case, measure, reason)

    def grant(self, case: Case, level: int) -> None:
        """Put the shopper on a level that was granted, unless a higher one was won."""
        standing = case.standing
        if level > standing.level:
            self._upgrade(case, level, self._ladder.measure(case), why.GRANTED)
        elif level == standing.level:
            self._renew(case, self._ladder.measure(case), why.GRANTED)

    def raise_to(self, case: Case, level: int) -> None:
        """Take the level that another id of the same person had, if it is higher than what the metric asks for now."""
        measure = self._ladder.measure(case)
        if level > max(case.standing.level, self._ladder.qualified(measure.value)):
            self._upgrade(case, min(level, len(self._ladder.names) - 1), measure, why.MERGED)

    def shift(self, case: Case, before: int, name: str, reason: str) -> None:
        """Tell what a lock, or its end, makes of the tier `name` that was shown at the level `before`."""
        held = case.standing.held
        if self.name(held) == name:
            return
        if self._keeps_history:
            remember(case.standing, held, case.now)
        change = _change(before, held)
        measure = self._ladder.measure(case)
        self._lines.tell(case, change, reason, name, held, measure.value, None, begin=measure.begin)

    def adapt(self, case: Case) -> None:
        """Fit a standing to a programme that was changed: other levels, a term given or taken."""
        standing, now = case.standing, case.now
        window, tenure = self._window, standing.tenure
        if window.of_member and (tenure is None or not tenure.joined):
            first = (standing.history or [standing.since])[0]
            tenure_of(standing).joined = min(first, standing.since)
        self._find_level(case)
        if self._programme.term is None:
            standing.valid_until = 0
        elif standing.level > floor_of(standing) and not standing.valid_until:
            standing.valid_until = after(now, self._programme.term, self._zone)
        if not self._grace or standing.level == 0:
            standing.grace_until = 0
        if self._programme.notices:
            tenure_of(standing).noticed = now

    def set_due(self, case: Case) -> None:
        standing = case.standing
        notice = next_notice(standing, self._programme.notices)
        standing.due = soonest(self._own_due(case), notice, *own_dues(standing))

    def _find_level(self, case: Case) -> None:
        """The level by its name, as others may have come or gone below it."""
        standing = case.standing
        level, name = min(standing.level, len(self._ladder.names) - 1), standing.tier
        if not name or self._ladder.names[level] == name:
            standing.level = level
        elif name in self._ladder.names:
            standing.level = self._ladder.names.index(name)
            standing.history = [standing.since, standing.level] if self._keeps_history else []
        else:
            self._leave(case, name)
        standing.tier = self._ladder.names[standing.level]

    def _leave(self, case: Case, name: str) -> None:
        """A tier that there is no more leads to where the metric has come, or to the next one below."""
        standing, measure = case.standing, self._ladder.measure(case)
        level, standing.history = standing.level, []
        to = max(self._ladder.qualified(measure.value), self._ladder.next_below(min(level, len(self._ladder.names))))
        if to != level:
            self._move(case, to, why.TIER_GONE)
        change = _change(level, to)
        if not is_locked(standing):
            self._lines.tell(
                case, change, why.TIER_GONE, name, to, measure.value, self._ladder.start(to), begin=measure.begin
            )

    def _fall(self, case: Case, measure: Measure) -> None:
        """Without a term: down as far as `keep` is missed, or into the grace of the first level that misses it."""
        standing, floor = case.standing, floor_of(case.standing)
        while (
            standing.level > floor
            and not self._ladder.keeps(standing.level, measure.value)
            and not standing.grace_until
        ):
            self._lose(case, measure, why.BELOW_KEEP)

    def _lose(self, case: Case, measure: Measure, reason: str) -> None:
        standing = case.standing
        level, to = standing.level, self._ladder.below(standing, measure.value)
        if not self._grace:
            self._downgrade(case, to, measure, self._ladder.keep[level], reason)
            return
        standing.grace_until = after(case.now, self._programme.grace, self._zone)
        self._tell(case, "will_downgrade", reason, level, to, measure, self._ladder.keep[level])

    def _end_grace(self, case: Case) -> None:
        standing, measure = case.standing, self._ladder.measure(case, closing=True)
        if self._ladder.keeps(standing.level, measure.value):
            self._renew(case, measure, why.REGAINED)
            return
        to = self._ladder.below(standing, measure.value)
        self._downgrade(case, to, measure, self._ladder.keep[standing.level], why.GRACE_ENDED)
        if self._programme.term is None:
            self._fall(case, measure)

    def _give_notice(self, case: Case) -> None:
        standing, measure = case.standing, self._ladder.measure(case)
        tenure_of(standing).noticed = case.now
        if not self._ladder.keeps(standing.level, measure.value):
            level, to = standing.level, self._ladder.below(standing, measure.value)
            self._tell(case, "will_downgrade", why.NOTICE, level, to, measure, self._ladder.keep[level])

    def _upgrade(self, case: Case, to: int, measure: Measure, reason: str = why.REACHED) -> None:
        """By the metric, or by a grant; what is granted no refund takes."""
        standing, window, won = case.standing, self._window, reason == why.REACHED
        level = standing.level
        if won and window.has_periods:
            begin, end = window.period(standing, case.now)
            tenure = tenure_of(standing)
            tenure.promoted_since, tenure.promoted_until = begin or 0, end
        self._move(case, to, reason)
        standing.promoted_at = case.now if won else 0
        standing.promoted_lots = standing.lots_taken if won else 0
        self._tell(case, "upgraded", reason, level, to, measure, self._ladder.start(to) if won else None)

    def _downgrade(self, case: Case, to: int, measure: Measure, threshold: int | None, reason: str) -> None:
        level = case.standing.level
        self._move(case, to, reason)
        case.standing.promoted_at = case.standing.promoted_lots = 0
        self._tell(case, "downgraded", reason, level, to, measure, threshold)

    def _renew(self, case: Case, measure: Measure, reason: str) -> None:
        level = case.standing.level
        case.standing.grace_until = 0
        self._begin_term(case.standing, case.now)
        self._tell(
            case, "renewed", reason, level, level, measure, None if reason == why.GRANTED else self._ladder.keep[level]
        )

    def _move(self, case: Case, to: int, reason: str) -> None:
        standing, now = case.standing, case.now
        standing.level, standing.tier, standing.reason = to, self._ladder.names[to], why.REASONS.index(reason)
        standing.since = now
        standing.grace_until = 0
        if self._keeps_history and not is_locked(standing):
            remember(standing, to, now)
        self._begin_term(standing, now)

    def _begin_term(self, standing: Standing, now: int) -> None:
        term = self._programme.term
        runs = term is not None and standing.level > floor_of(standing)
        standing.valid_until = after(now, term, self._zone) if runs and term is not None else 0
        if self._programme.notices:
            tenure_of(standing).noticed = now

    def _own_due(self, case: Case) -> int:
        standing = case.standing
        if standing.level <= floor_of(standing):
            return 0
        if standing.grace_until:
            return standing.grace_until
        if self._programme.term is not None:
            return standing.valid_until
        keep = self._ladder.keep[standing.level] or 0
        return self._ladder.metric.falls_below(case.shopper, standing, case.now, keep)

    def _tell(
        self, case: Case, change: str, reason: str, before: int | None, to: int, measure: Measure, threshold: int | None
    ) -> None:
        if is_locked(case.standing):
            return
        # The value may be of a period that is over.
        periods = before is not None and self._window.has_periods
        ahead = self._ladder.measure(case).value if periods else measure.value
        name = None if before is None else self._ladder.names[before]
        self._lines.tell(case, change, reason, name, to, measure.value, threshold, ahead=ahead, begin=measure.begin)


def _change(before: int, after: int) -> str:
    return "upgraded" if after > before else "downgraded" if after < before else "renewed"
