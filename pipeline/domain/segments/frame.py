"""Frames: what a window holds at an instant, and when it lets go of it."""

from typing import Protocol

from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.zone import Zones
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.calendar import Periods


class Frame(Protocol):
    """A window over event times, which are never later than now."""

    def after(self, shopper: Shopper, now: int) -> int:
        """What is later than this instant, ms, is inside."""

    def leaves(self, shopper: Shopper, at: int, now: int) -> int:
        """When what happened at `at`, and is inside at `now`, is let go of without an event; 0 = never."""

    def forgets(self, shopper: Shopper) -> int:
        """What is not later than this instant, ms, is never inside again: time and zones only move so far back."""


class Lifetime:
    """All there is."""

    def after(self, shopper: Shopper, now: int) -> int:
        return -1

    def leaves(self, shopper: Shopper, at: int, now: int) -> int:
        return 0

    def forgets(self, shopper: Shopper) -> int:
        return -1


class Sliding:
    """The latest `within` ms, half open: (now - within, now]."""

    def __init__(self, within: int) -> None:
        self._within = within

    def after(self, shopper: Shopper, now: int) -> int:
        return now - self._within

    def leaves(self, shopper: Shopper, at: int, now: int) -> int:
        return at + self._within

    def forgets(self, shopper: Shopper) -> int:
        return shopper.now - self._within


class CalendarFrame:
    """The calendar's period that is now in the shopper's zone: all leaves it together, as it ends."""

    def __init__(self, unit: str, zones: Zones) -> None:
        self._periods = Periods(unit)
        self.zones = zones

    def after(self, shopper: Shopper, now: int) -> int:
        return self._periods.around(now, self.zones.of(shopper))[0] - 1

    def leaves(self, shopper: Shopper, at: int, now: int) -> int:
        return self._periods.around(now, self.zones.of(shopper))[1]

    def forgets(self, shopper: Shopper) -> int:
        return self._periods.earliest(shopper.now) - 1


class SinceFrame:
    """All that is later than the latest event that `watch` remembers; nothing before there is one.

    late: how late, ms, an event may be and still count: what is older than that can't come after the first event of
    the watch any more, should that still arrive.
    """

    def __init__(self, watch: EdgeWatch, late: int) -> None:
        self._key = watch.key
        self._late = late

    def after(self, shopper: Shopper, now: int) -> int:
        known = shopper.observations.get(self._key)
        return now if known is None else known.time

    def leaves(self, shopper: Shopper, at: int, now: int) -> int:
        return 0

    def forgets(self, shopper: Shopper) -> int:
        known = shopper.observations.get(self._key)
        return shopper.now - self._late if known is None else known.time
