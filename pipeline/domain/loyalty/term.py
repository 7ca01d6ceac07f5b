"""Spans of loyalty on the shop's calendar: terms and graces."""

from calendar import monthrange
from zoneinfo import ZoneInfo

from pipeline.domain.loyalty_definition import Span
from pipeline.domain.value.instant import from_datetime, in_zone


def after(instant: int, span: Span, zone: ZoneInfo) -> int:
    """The instant (ms) that lies `span` after `instant`: first its months, then its ms.

    Months keep the wall-clock time of the zone; a day that the month lacks becomes its last day (29 February + 12
    months is 28 February). A wall-clock time that DST skips is taken as much later as the clocks jump.
    """
    if span.months:
        instant = _months_later(instant, span.months, zone)
    return instant + span.ms


def _months_later(instant: int, months: int, zone: ZoneInfo) -> int:
    local = in_zone(instant, zone)
    years, month = divmod(local.month - 1 + months, 12)
    year = local.year + years
    day = min(local.day, monthrange(year, month + 1)[1])
    return from_datetime(local.replace(year=year, month=month + 1, day=day))
