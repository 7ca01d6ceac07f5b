"""Quiet hours by looking at the clock, minute after minute (readings.md, 46 and 54)."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.values import DAY, EPOCH, UNITS, span

MINUTE = UNITS["m"]


def wall(instant: int, zone: str) -> datetime:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone)).replace(tzinfo=None)


@cache
def shown(day: date, clock: str, zone: str) -> int:
    """The first minute at which the clocks of the zone show that time of the day, or a later one."""
    hour, minute = map(int, clock.split(":"))
    asked = datetime(day.year, day.month, day.day, hour, minute)
    at = (asked - datetime(1970, 1, 1)) // timedelta(milliseconds=1) - DAY
    while wall(at, zone) < asked:
        at += MINUTE
    return at


def quiet_until(hours: dict[str, Any] | None, channel: str, zone: str, now: int) -> int | None:
    """When the quiet hours end that are on, ms; None if none are."""
    if hours is None or channel not in hours.get("channels", ["email", "sms", "push", "on-site"]):
        return None
    today = wall(now, zone).date()
    ends = []
    for day in (today + timedelta(days=n) for n in (-1, 0, 1)):
        last = day + timedelta(days=1) if hours["to"] < hours["from"] else day
        if shown(day, hours["from"], zone) <= now < shown(last, hours["to"], zone):
            ends.append(shown(last, hours["to"], zone))
    if ends and span(hours.get("spread", 0)):
        raise NotImplementedError("where in the spread a message goes depends on its id")
    return max(ends, default=None)
