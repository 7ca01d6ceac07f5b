"""Lines of `trait-changes`: at each change, or once a day of the shop at most, at its end."""

from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tests.oracle.history import Record
from tests.oracle.segments import Facts, computed
from tests.oracle.values import EPOCH


def midnight(instant: int, zone: ZoneInfo) -> int:
    """The first midnight of the zone at or after `instant`, ms."""
    local = (EPOCH + timedelta(milliseconds=instant)).astimezone(zone)
    day = datetime(local.year, local.month, local.day, tzinfo=zone)
    if day.astimezone(EPOCH.tzinfo) < local.astimezone(EPOCH.tzinfo):
        day = day + timedelta(days=1)
    return int((day.astimezone(EPOCH.tzinfo) - EPOCH) / timedelta(milliseconds=1))


def months(zone: ZoneInfo) -> Iterator[int]:
    """Beginnings of the months of the years that tests are about, ms."""
    for year in range(2023, 2031):
        for month in range(1, 13):
            begin = datetime(year, month, 1, tzinfo=zone).astimezone(EPOCH.tzinfo)
            yield int((begin - EPOCH) / timedelta(milliseconds=1))


class Traits:
    def __init__(self, topology: dict[str, Any]) -> None:
        self.entries: dict[str, Any] = topology.get("traits") or {}
        self.zone = ZoneInfo(topology.get("shop", {}).get("timezone", "UTC"))
        self.daily = any(entry.get("emit") == "daily" for entry in self.entries.values())
        nothing = Facts([], topology, 0)
        self.told = {name: computed(name, nothing) for name in self.entries}
        self.counts = dict.fromkeys(self.entries, 0)
        self.lines: list[dict[str, Any]] = []

    def look(self, facts: Facts, record: Record | None) -> None:
        for name, entry in self.entries.items():
            value, before = computed(name, facts), self.told[name]
            if entry.get("emit") == "daily" and (record is not None or midnight(facts.now, self.zone) != facts.now):
                continue
            if type(value) is type(before) and value == before:
                continue
            self.told[name] = value
            self.counts[name] += 1
            self.lines.append(
                {
                    "effective_at": facts.now,
                    "cause": record.message_id if record else None,
                    "trait": name,
                    "before": before,
                    "after": value,
                    "sequence": self.counts[name],
                }
            )
