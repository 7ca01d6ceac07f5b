"""Quiet hours: nothing is sent then, by the clock where the shopper lives (semantics.md, 7; readings.md, 46, 54)."""

from zoneinfo import ZoneInfo

from pipeline.domain.decision import leading_bits
from pipeline.domain.message_definition import QuietHours
from pipeline.domain.value.wall_clock import day_of, first_shown


class Nights:
    """The quiet hours of every zone. `from` is the first quiet instant, `to` the first that is not: each as the clocks
    first show it, or as they jump over it."""

    __slots__ = ("_end", "_next_day", "_start", "channels", "spread")

    def __init__(self, hours: QuietHours) -> None:
        self.channels = frozenset(hours.channels)
        self.spread = hours.spread
        self._start, self._end = hours.start, hours.end
        self._next_day = hours.end <= hours.start

    def end(self, now: int, zone: ZoneInfo) -> int:
        """When the quiet hours that are on at `now` end, ms; 0 = none are on."""
        today, end = day_of(now, zone), now
        # Clocks that go back over midnight show the day before once more; a day that was left out joins two nights.
        for day in (today - 1, today, today + 1):
            ends = first_shown(day + self._next_day, self._end, zone)
            if first_shown(day, self._start, zone) <= end < ends:
                end = ends
        return end if end > now else 0

    def resumes(self, end: int, message_id: str) -> int:
        """When a message goes that waited for `end`, ms: spread by the hash that its id is."""
        return end + leading_bits(message_id) % self.spread if self.spread else end
