"""Instants: RFC 3339 text and epoch numbers to and from ms since the epoch."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_NAIVE_EPOCH = EPOCH.replace(tzinfo=None)
_MS = timedelta(milliseconds=1)
SECOND = 1_000
MINUTE = 60_000
HOUR = 3_600_000
DAY = 86_400_000

# Below this an epoch number is read as seconds, above as milliseconds: 10^11 s is the year 5138, 10^11 ms is 1973.
_SECONDS_BELOW = 10**11


def from_datetime(moment: datetime) -> int:
    """ms since the epoch, floored; a datetime without zone is taken as UTC."""
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return (moment - EPOCH) // _MS


def in_zone(ms: int, zone: ZoneInfo) -> datetime:
    """The instant as the clocks of a zone show it, to the ms."""
    return (EPOCH + timedelta(milliseconds=ms)).astimezone(zone)


def parse_instant(value: Any) -> int | None:
    """ms since the epoch of an RFC 3339 text (without zone: UTC), epoch seconds or ms (number or digits); else None."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str):
        text = value.strip()
        if text.isascii() and text.isdigit():
            value = int(text) if len(text) <= 16 else None
        elif len(text) >= 10 and text[4:5] == "-":
            try:
                return from_datetime(datetime.fromisoformat(text))
            except (ValueError, OverflowError):
                return None
        else:
            return None
    if isinstance(value, (int, float)):
        if not 0 <= value < 10**16:
            return None
        return int(value * 1000) if value < _SECONDS_BELOW else int(value)
    return None


# A decision spells one instant several times over, and one event often leads to several decisions.
@lru_cache(maxsize=16)
def format_instant(ms: int) -> str:
    """RFC 3339 in UTC with milliseconds: `2026-01-03T10:00:00.000Z`."""
    return _format_second(ms // 1000) + _MILLISECONDS[ms % 1000]


def soonest(*instants: int) -> int:
    """The earliest of them; 0 stands for none."""
    return min(filter(None, instants), default=0)


def format_known(ms: int) -> str | None:
    """As `format_instant`; None of 0, which stands for no instant."""
    return format_instant(ms) if ms else None


# The events of a second come together, or near each other.
@lru_cache(maxsize=1_024)
def _format_second(seconds: int) -> str:
    return (_NAIVE_EPOCH + timedelta(0, seconds)).isoformat("T", "seconds")


_MILLISECONDS = tuple(f".{ms:03}Z" for ms in range(1_000))
