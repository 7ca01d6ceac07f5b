"""Days that come every year, in any zone."""

from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.loyalty.anniversary import day_of, next_after
from pipeline.domain.value.instant import format_instant, parse_instant

BERLIN, TOKYO, UTC = ZoneInfo("Europe/Berlin"), ZoneInfo("Asia/Tokyo"), ZoneInfo("UTC")


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1990-05-17", (5, 17)),
        (" 1990-05-17 ", (5, 17)),
        ("1990-05-17T23:30:00Z", (5, 17)),
        ("--05-17", (5, 17)),
        ("--02-29", (2, 29)),
        ("1988-02-29", (2, 29)),
        (642_985_200_000, (5, 18)),
        ("1990-02-30", None),
        ("1990-13-01", None),
        ("--13-01", None),
        ("17.05.1990", None),
        ("", None),
        (True, None),
        (None, None),
        ({"day": 17}, None),
    ],
)
def test_the_day_of_a_date(value: object, day: tuple[int, int] | None) -> None:
    assert day_of(value, BERLIN) == day


@pytest.mark.parametrize(
    ("day", "zone", "after", "year", "instant"),
    [
        ((5, 17), UTC, "2026-01-01T00:00:00Z", 0, "2026-05-17T00:00:00.000Z"),
        ((5, 17), BERLIN, "2026-01-01T00:00:00Z", 0, "2026-05-16T22:00:00.000Z"),
        ((5, 17), TOKYO, "2026-05-16T15:00:00Z", 0, "2027-05-16T15:00:00.000Z"),
        ((5, 17), TOKYO, "2026-05-16T14:59:59.999Z", 0, "2026-05-16T15:00:00.000Z"),
        ((5, 17), UTC, "2026-01-01T00:00:00Z", 2026, "2027-05-17T00:00:00.000Z"),
        ((2, 29), UTC, "2026-01-01T00:00:00Z", 0, "2026-02-28T00:00:00.000Z"),
        ((2, 29), UTC, "2027-03-01T00:00:00Z", 0, "2028-02-29T00:00:00.000Z"),
        ((1, 1), TOKYO, "2026-12-31T14:00:00Z", 0, "2026-12-31T15:00:00.000Z"),
        # The clocks of Cairo jump from midnight to one.
        ((4, 24), ZoneInfo("Africa/Cairo"), "2026-01-01T00:00:00Z", 0, "2026-04-23T22:00:00.000Z"),
    ],
)
def test_the_next_time_that_a_day_begins(
    day: tuple[int, int], zone: ZoneInfo, after: str, year: int, instant: str
) -> None:
    since = parse_instant(after)
    assert since is not None
    assert format_instant(next_after(day, zone, since, year)[0]) == instant
