"""Periods of the calendar begin and end at exact instants, in every zone."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.segments.zone import named
from pipeline.domain.value.calendar import Periods
from pipeline.domain.value.instant import HOUR, from_datetime


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("unit", "zone", "instant", "begin", "end"),
    [
        ("day", "Europe/Berlin", "2026-03-29T12:00Z", "2026-03-28T23:00Z", "2026-03-29T22:00Z"),
        ("day", "Europe/Berlin", "2026-10-25T12:00Z", "2026-10-24T22:00Z", "2026-10-25T23:00Z"),
        # The clocks jump from 00:00 to 01:00, and in 1919 from 23:30 to 00:30.
        ("day", "America/Santiago", "2025-09-07T12:00Z", "2025-09-07T04:00Z", "2025-09-08T03:00Z"),
        ("day", "America/Toronto", "1919-03-31T12:00Z", "1919-03-31T04:30Z", "1919-04-01T04:00Z"),
        # Midnight comes twice: the first one counts, even as the clocks show the day before once more.
        ("day", "America/Havana", "2025-11-02T12:00Z", "2025-11-02T04:00Z", "2025-11-03T05:00Z"),
        ("day", "America/St_Johns", "2010-11-07T02:45Z", "2010-11-07T02:30Z", "2010-11-08T03:30Z"),
        # 30 December 2011 was left out.
        ("day", "Pacific/Apia", "2011-12-30T11:00Z", "2011-12-30T10:00Z", "2011-12-31T10:00Z"),
        ("week", "UTC", "2026-01-04T23:59:59.999Z", "2025-12-29T00:00Z", "2026-01-05T00:00Z"),
        ("month", "Asia/Tokyo", "2024-02-29T14:59:59.999Z", "2024-01-31T15:00Z", "2024-02-29T15:00Z"),
        ("quarter", "UTC", "2024-03-31T00:00Z", "2024-01-01T00:00Z", "2024-04-01T00:00Z"),
        ("quarter", "UTC", "2024-10-01T00:00Z", "2024-10-01T00:00Z", "2025-01-01T00:00Z"),
        ("year", "America/New_York", "2025-01-01T04:59:59.999Z", "2024-01-01T05:00Z", "2025-01-01T05:00Z"),
    ],
)
def test_a_period_begins_and_ends_with_the_clocks_of_the_zone(
    unit: str, zone: str, instant: str, begin: str, end: str
) -> None:
    periods = Periods(unit)
    assert periods.around(at(instant), ZoneInfo(zone)) == (at(begin), at(end))
    # The begin belongs to it, the end does not.
    assert periods.around(at(begin), ZoneInfo(zone)) == (at(begin), at(end))
    assert periods.around(at(end), ZoneInfo(zone))[0] == at(end)


@pytest.mark.parametrize("unit", ["day", "week", "month", "quarter", "year"])
def test_no_zone_has_an_earlier_begin_than_is_kept(unit: str) -> None:
    for hour in range(0, 400 * 24, 7):
        now = at("2024-01-01T00:00Z") + hour * HOUR
        begins = [Periods(unit).around(now, ZoneInfo(zone))[0] for zone in ("Pacific/Kiritimati", "Etc/GMT+12")]
        assert Periods(unit).earliest(now) <= min(begins)


@pytest.mark.parametrize("name", ["", None, 5, "Mars/Olympus", "../zone", "Europe", "localtime", "x" * 300, "UTC\0"])
def test_what_is_no_zone_is_none(name: object) -> None:
    assert named(name) is None
