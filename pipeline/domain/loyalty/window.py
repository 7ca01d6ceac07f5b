"""Windows of a metric: which orders and bonuses count at an instant (readings.md, 45; semantics.md, part 6)."""

from zoneinfo import ZoneInfo

from pipeline.domain.loyalty.term import after
from pipeline.domain.loyalty_definition import ProgrammeDefinition, Span
from pipeline.domain.shopping import Standing
from pipeline.domain.value.calendar import Periods
from pipeline.domain.value.instant import in_zone

TIER = "tier"


class Window:
    """The window of one programme: of all time, rolling, of a year, quarter or month of the shop's zone, or of a year
    from the day of joining or from the instant at which the level was reached.

    A period holds what happened from its begin on, and before its end. The first year of a member has no begin, as the
    order that one joins with happened a little earlier. A level's first year begins when the level was reached: what
    brought it does not count once more.

    has_periods: whether all that counts leaves it at once, as a period ends. bounded: whether anything ever leaves it.
    of_member: whether it asks when the shopper joined; of_level: whether it begins anew with each level.
    """

    __slots__ = ("_periods", "_zone", "bounded", "has_periods", "of_level", "of_member", "rolling")

    def __init__(self, programme: ProgrammeDefinition, zone: ZoneInfo) -> None:
        self.rolling = programme.window
        self._periods = Periods(programme.calendar) if programme.calendar else None
        self._zone = zone
        self.of_member = bool(programme.anniversary)
        self.of_level = programme.anniversary == TIER
        self.has_periods = self._periods is not None or self.of_member
        self.bounded = self.rolling is not None or self.has_periods

    def begin(self, standing: Standing, now: int) -> int | None:
        """The first instant (ms) that counts at `now`; None: all of time counts."""
        if self.rolling is not None:
            return now - self.rolling + 1
        return self.period(standing, now)[0] if self.has_periods else None

    def period(self, standing: Standing, now: int) -> tuple[int | None, int]:
        """Begin and end (ms) of the period that holds `now`; None: it has no begin."""
        if self._periods is not None:
            return self._periods.around(now, self._zone)
        joined = standing.tenure.joined if standing.tenure is not None else 0
        anchor = standing.since if self.of_level else joined or standing.since
        if anchor <= 0:
            # Not joined yet.
            return None, 0
        years = max(0, in_zone(now, self._zone).year - in_zone(anchor, self._zone).year - 1)
        while self._anniversary_of(anchor, years + 1) <= now:
            years += 1
        if years:
            return self._anniversary_of(anchor, years), self._anniversary_of(anchor, years + 1)
        first = not self.of_level or (standing.level <= 0 and anchor == joined)
        return (None if first else anchor + 1), self._anniversary_of(anchor, 1)

    def _anniversary_of(self, anchor: int, years: int) -> int:
        return after(anchor, Span(months=12 * years), self._zone)
