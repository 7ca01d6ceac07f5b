"""Spans and periods of loyalty by the calendar of a zone (readings.md, 8 and 42)."""

import calendar
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from tests.oracle.values import EPOCH, span

MS = timedelta(milliseconds=1)


def local(instant: int, zone: str) -> datetime:
    return (EPOCH + instant * MS).astimezone(ZoneInfo(zone))


def instant_of(moment: datetime) -> int:
    return (moment.astimezone(UTC) - EPOCH) // MS


def later(start: int, text: str | int, zone: str) -> int:
    """`start` plus a span of loyalty: `P1Y2M` by the calendar of the zone."""
    by_calendar = re.fullmatch(r"P(?:(\d+)Y)?(?:(\d+)M)?", str(text))
    if not by_calendar:
        return start + span(text)
    return months_later(start, int(by_calendar[1] or 0) * 12 + int(by_calendar[2] or 0), zone)


def months_later(start: int, count: int, zone: str) -> int:
    here = local(start, zone)
    months = here.month - 1 + count
    year, month = here.year + months // 12, months % 12 + 1
    return instant_of(here.replace(year=year, month=month, day=min(here.day, calendar.monthrange(year, month)[1])))


def begin_of(instant: int, unit: str, zone: str) -> int:
    """First instant of the day, month, quarter or year that `instant` is in."""
    here = local(instant, zone).replace(hour=0, minute=0, second=0, microsecond=0, fold=0)
    if unit != "day":
        here = here.replace(day=1)
    if unit == "quarter":
        here = here.replace(month=here.month - (here.month - 1) % 3)
    if unit == "year":
        here = here.replace(month=1)
    return instant_of(here)


def next_begin(instant: int, unit: str, zone: str) -> int:
    """First instant of the period after the one that `instant` is in."""
    begin = local(begin_of(instant, unit, zone), zone)
    if unit == "day":
        return begin_of(instant_of(begin + timedelta(hours=36)), unit, zone)
    return months_later(instant_of(begin), {"month": 1, "quarter": 3, "year": 12}[unit], zone)


def end_of(instant: int, at: str | None, zone: str) -> int:
    """`end_of_month`: the first instant of the next one. An instant that is one itself is its month's, too."""
    return instant if not at else next_begin(instant, at.removeprefix("end_of_"), zone)
