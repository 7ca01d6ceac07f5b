"""Days that come every year: birthdays, and the day on which a shopper joined (readings.md, 43)."""

import re
from calendar import isleap
from collections.abc import Callable
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import in_zone, parse_instant
from pipeline.domain.value.wall_clock import first_shown

# As birthdays are written, with the year or without (`--05-17`, ISO 8601).
_WRITTEN = re.compile(r"(?:[0-9]{4}-|--)([0-9]{2})-([0-9]{2})(?![0-9])")
_LEAP_YEAR = 2_000

Day = tuple[int, int]
"""(month, day of the month)."""

ZoneOf = Callable[[Shopper], ZoneInfo]
"""The zone that a shopper lives in."""


def day_of(value: Any, zone: ZoneInfo) -> Day | None:
    """The day of the year of a date, None if it is none. Of a text it is the one that is written there; of an epoch
    number the one in `zone`."""
    if isinstance(value, str):
        written = _WRITTEN.match(value.strip())
        if written is not None:
            month, day = int(written[1]), int(written[2])
            return (month, day) if _exists(month, day) else None
        if not value.strip().isdigit():
            return None
    instant = parse_instant(value)
    return None if instant is None else local_day(instant, zone)


def local_day(instant: int, zone: ZoneInfo) -> Day:
    """The day of the year that a zone has at an instant (ms)."""
    local = in_zone(instant, zone)
    return local.month, local.day


def local_year(instant: int, zone: ZoneInfo) -> int:
    return in_zone(instant, zone).year


def next_after(day: Day, zone: ZoneInfo, after: int, year: int = 0) -> tuple[int, int]:
    """(instant in ms, year) of the next time that the day begins in the zone, later than `after` and in a later year
    than `year`. 29 February is 28 in common years."""
    ahead = max(in_zone(after, zone).year, year + 1)
    while True:
        begins = first_shown(_in_year(day, ahead).toordinal(), 0, zone)
        if begins > after:
            return begins, ahead
        ahead += 1


def _in_year(day: Day, year: int) -> date:
    return date(year, 2, 28) if day == (2, 29) and not isleap(year) else date(year, *day)


def _exists(month: int, day: int) -> bool:
    try:
        date(_LEAP_YEAR, month, day)
    except ValueError:
        return False
    return True
