"""Days of a zone."""

from datetime import datetime, time, timedelta
from zoneinfo import ZoneInfo

from pipeline.domain.value.instant import from_datetime, in_zone


def next_day(instant: int, zone: ZoneInfo) -> int:
    """The first instant (ms) of the zone's day after the one that holds `instant`. Where DST skips midnight, the day
    begins as the clocks jump; where midnight comes twice, with the first after `instant`."""
    local = in_zone(instant, zone)
    midnight = datetime.combine(local.date() + timedelta(days=1), time(), zone)
    begin = from_datetime(midnight)
    return begin if begin > instant else from_datetime(midnight.replace(fold=1))
