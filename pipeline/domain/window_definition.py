"""Windows of conditions and computed traits: which part of the past they look at.

Part of `definition.py`. A window is a sliding one of so many ms, one of these, or None: all of a shopper's time.
"""

from dataclasses import dataclass

UNITS = ("day", "week", "month", "quarter", "year")


@dataclass(frozen=True, slots=True)
class Calendar:
    """The day, week, month, quarter or year that is now, in the shopper's zone, else the shop's (readings.md, 18)."""

    unit: str


@dataclass(frozen=True, slots=True)
class Since:
    """All after the latest of these events, that one not counted; nothing before the first one (readings.md, 17)."""

    events: tuple[str, ...]


Within = int | Calendar | Since | None
