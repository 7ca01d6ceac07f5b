"""What the clocks on the walls of a zone show, and when they first do."""

from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from pipeline.domain.value.instant import from_datetime, in_zone


def day_of(instant: int, zone: ZoneInfo) -> int:
    """The day that the zone has at `instant` (ms), as a proleptic Gregorian ordinal."""
    return in_zone(instant, zone).toordinal()


# A shop has few hours that matter, and most of its shoppers live in few zones.
@lru_cache(maxsize=4_096)
def first_shown(day: int, clock: int, zone: ZoneInfo) -> int:
    """The first instant (ms) at which the zone's clocks show `clock` (ms after midnight) of a day, as `day_of` tells
    it, or more: where they jump over it as they jump, where they show it twice the first time."""
    asked = datetime.combine(date.fromordinal(day), time()) + timedelta(milliseconds=clock)
    # Of what the clocks jump over, this is an instant after the jump, by less than the jump is wide.
    instant = from_datetime(asked.replace(tzinfo=zone))
    jump = (_shown(instant, zone) - asked) // timedelta(milliseconds=1)
    low, high = instant - jump, instant
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (middle, high) if _shown(middle, zone) < asked else (low, middle)
    return high


def _shown(instant: int, zone: ZoneInfo) -> datetime:
    return in_zone(instant, zone).replace(tzinfo=None, fold=0)
