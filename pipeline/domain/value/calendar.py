"""Periods of the calendar: days, weeks, months, quarters and years of a zone."""

from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.domain.value.instant import DAY, HOUR, from_datetime, in_zone

# Zones lie between this one, UTC-12, and UTC+14.
_WESTERNMOST = ZoneInfo("Etc/GMT+12")
_WIDTH = 26 * HOUR

GREATEST_DAYS = {"day": 1, "week": 7, "month": 31, "quarter": 92, "year": 366}


class Periods:
    """The days, weeks (from Monday), months, quarters or years of all zones.

    A period begins with the first instant of its first day: where the clocks jump over midnight, as they jump; where
    midnight comes twice, with the first. It ends as the next one begins.
    """

    __slots__ = ("_latest", "_unit")

    def __init__(self, unit: str) -> None:
        self._unit = unit
        # Nearly all questions are about the period that is now: of each zone the one asked for last.
        self._latest: dict[str, tuple[int, int]] = {}

    def around(self, instant: int, zone: ZoneInfo) -> tuple[int, int]:
        """(begin, end) in ms of the period that holds `instant`; the begin belongs to it, the end does not."""
        known = self._latest.get(zone.key)
        if known is None or not known[0] <= instant < known[1]:
            known = self._latest[zone.key] = self._find(instant, zone)
        return known

    def earliest(self, instant: int) -> int:
        """The earliest begin, ms, that the period at `instant` or at a later instant has in any zone."""
        return self.around(instant, _WESTERNMOST)[0] - _WIDTH

    def _find(self, instant: int, zone: ZoneInfo) -> tuple[int, int]:
        first = self._first(in_zone(instant, zone).date())
        after = self._next(first)
        begin, end = _midnight(first, zone), _midnight(after, zone)
        if end <= instant:
            # Clocks that go back over midnight show the day before once more.
            begin, end = end, _midnight(self._next(after), zone)
        return begin, end

    def _first(self, day: date) -> date:
        match self._unit:
            case "day":
                return day
            case "week":
                return day - timedelta(days=day.weekday())
            case "month":
                return day.replace(day=1)
            case "quarter":
                return date(day.year, (day.month - 1) // 3 * 3 + 1, 1)
            case "year":
                return date(day.year, 1, 1)
        raise ValueError(f"there are no calendar windows of {self._unit}")

    def _next(self, first: date) -> date:
        return self._first(first + timedelta(days=GREATEST_DAYS[self._unit]))


def _midnight(day: date, zone: ZoneInfo) -> int:
    """The first instant, ms, of a day of the zone."""
    midnight = from_datetime(datetime.combine(day, time(), zone))
    if _day(midnight - 1, zone) < day:
        return midnight
    # The clocks jumped from before midnight to after it: find the jump.
    low, high = midnight - DAY // 8, midnight
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _day(middle, zone) < day else (low, middle)
    return high


def _day(instant: int, zone: ZoneInfo) -> date:
    return in_zone(instant, zone).date()
