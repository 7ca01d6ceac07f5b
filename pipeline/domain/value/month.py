"""Months of the calendar: which one a date is of, and when one begins."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.value.day import next_day
from pipeline.domain.value.instant import from_datetime, in_zone, parse_instant

NOW = "now"

# A date as written, with its year or, as birthdays go, without (`--05-17`, ISO 8601).
_WRITTEN = re.compile(r"(?:[0-9]{4}-|--)([0-9]{2})-[0-9]{2}(?![0-9])")
_LEAP_YEAR = "2000"


def month_of(value: Any, zone: ZoneInfo) -> int | None:
    """The month, 1 to 12, of a date; None if it is none. Of a text it is the one that is written there, so that a
    birthday has the same month everywhere; of an epoch number it is the one in `zone`."""
    if isinstance(value, str):
        text = value.strip()
        written = _WRITTEN.match(text)
        if written is not None:
            whole = text if text[0] != "-" else _LEAP_YEAR + text[1:] if len(text) == 7 else ""
            return int(written[1]) if parse_instant(whole) is not None else None
        if not text.isdigit():
            return None
    instant = parse_instant(value)
    return None if instant is None else _local(instant, zone).month


def is_of_month(operand: object) -> Callable[[Any, int], bool]:
    """(date, now in ms) -> is it of one of the months? operand: name of a zone, then months, or NOW: the month that is
    now. Raises ValueError for an operand that is none."""
    zone, months = months_of(operand)
    if months == (NOW,):
        return lambda value, now: month_of(value, zone) == _local(now, zone).month
    return lambda value, now: month_of(value, zone) in months


def next_month(operand: object, value: Any, now: int) -> int:
    """The next instant, ms, at which a date comes to be of the operand's months, or ceases to be; 0 = never."""
    zone, months = months_of(operand)
    month = month_of(value, zone) if months == (NOW,) else None
    if month is None:
        return 0
    return _begin(now, month % 12 + 1 if _local(now, zone).month == month else month, zone)


def months_of(operand: object) -> tuple[ZoneInfo, Sequence[object]]:
    """The zone and the months of an operand. Raises ValueError if it is none."""
    if not isinstance(operand, tuple) or len(operand) < 2:
        raise ValueError(f"a zone and months are needed, not {operand!r}")
    return ZoneInfo(str(operand[0])), operand[1:]


def _local(instant: int, zone: ZoneInfo) -> datetime:
    return in_zone(instant, zone)


def _begin(instant: int, month: int, zone: ZoneInfo) -> int:
    """The first instant, ms, after `instant` at which that month begins; it is not the month of `instant`."""
    today = _local(instant, zone).date()
    first = date(today.year + (month <= today.month), month, 1)
    eve = datetime.combine(first - timedelta(days=1), time(12), zone)
    return next_day(from_datetime(eve), zone)
