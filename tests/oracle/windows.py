"""What a `within` looks back to: a span, a period of the calendar in the shopper's zone, or an event."""

from datetime import date, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from tests.oracle.history import Record
from tests.oracle.values import DAY, EPOCH, UNITS, span

MINUTE = UNITS["m"]
AHEAD = 3


def oldest(form: dict[str, Any], records: list[Record], traits: dict[str, Any], zone: str, now: int) -> int | None:
    """What is later than this instant, ms, counts; None = all does. records: that are not late."""
    within = form.get("within")
    if isinstance(within, str | int):
        return now - span(within)
    if not isinstance(within, dict):
        return None
    if "calendar" in within:
        return begin(within["calendar"], zone_of(records, traits, zone), now) - 1
    names = within["since"] if isinstance(within["since"], list) else [within["since"]]
    since = [one.time for one in records if one.behaviour and not one.copy and one.name in names]
    return max(since, default=now)


def told_zone(value: Any) -> str | None:
    return value if isinstance(value, str) and value in available_zones() else None


@cache
def available_zones() -> set[str]:
    return available_timezones()


def zone_of(records: list[Record], traits: dict[str, Any], shop: str) -> str:
    """The trait, else the latest that a call told, else the shop's."""
    told = [(one.time, one.message_id, zone) for one in records if (zone := told_zone(called_from(one)))]
    return told_zone(traits.get("timezone")) or max(told, default=(0, "", shop))[2]


def called_from(record: Record) -> Any:
    return (record.body.get("context") or {}).get("timezone")


def day_of(instant: int, zone: str) -> date:
    return (EPOCH + timedelta(milliseconds=instant)).astimezone(ZoneInfo(zone)).date()


def first_day(unit: str, day: date) -> date:
    if unit == "week":
        return next(one for n in range(7) if (one := day - timedelta(days=n)).isoweekday() == 1)
    months = {"month": range(1, 13), "quarter": (1, 4, 7, 10), "year": (1,)}
    if unit == "day":
        return day
    return date(day.year, max(month for month in months[unit] if month <= day.month), 1)


@cache
def first_instant(day: date, zone: str) -> int:
    """By looking at minute after minute until it is that day."""
    at = int((datetime(day.year, day.month, day.day, tzinfo=EPOCH.tzinfo) - EPOCH) / timedelta(milliseconds=1)) - DAY
    while day_of(at, zone) < day:
        at += MINUTE
    return at


def begin(unit: str, zone: str, now: int) -> int:
    return first_instant(first_day(unit, day_of(now, zone)), zone)


def turns(records: list[Record], topology: dict[str, Any], now: int) -> set[int]:
    """The next instants at which a period that the topology asks for begins, in every zone that was ever told."""
    shop = topology.get("shop", {}).get("timezone", "UTC")
    told = [value for one in records for value in (called_from(one), one.traits.get("timezone"))]
    zones = {shop, *(zone for value in told if (zone := told_zone(value)))}
    found: set[int] = set()
    for unit in calendars(topology):
        for zone in zones:
            day, left = day_of(now, zone), AHEAD
            while left:
                day += timedelta(days=1)
                if first_day(unit, day) == day:
                    found.add(first_instant(day, zone))
                    left -= 1
    return {one for one in found if one > now}


def calendars(part: Any) -> set[str]:
    """Every unit that a topology asks for."""
    found: set[str] = set()
    if isinstance(part, dict):
        within = part.get("within")
        if isinstance(within, dict) and "calendar" in within:
            found.add(within["calendar"])
        part = list(part.values())
    for one in part if isinstance(part, list) else ():
        found |= calendars(one)
    return found
