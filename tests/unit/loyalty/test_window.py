"""Windows of a metric by the calendar and by anniversaries, to the millisecond."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.loyalty.window import Window
from pipeline.domain.loyalty_definition import Level, ProgrammeDefinition
from pipeline.domain.shopping import Standing, Tenure
from pipeline.domain.value.instant import from_datetime

BERLIN = "Europe/Berlin"


def at(text: str, zone: str = BERLIN) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)))


def window(zone: str = BERLIN, *, calendar: str = "", anniversary: str = "") -> Window:
    levels = (Level("bronze", 0, 0), Level("silver", 100, 80))
    programme = ProgrammeDefinition("club", "1", (), "spend", levels, calendar=calendar, anniversary=anniversary)
    return Window(programme, ZoneInfo(zone))


@pytest.mark.parametrize(
    ("unit", "now", "begin", "end"),
    [
        ("year", "2028-02-29 12:00", "2028-01-01", "2029-01-01"),
        ("year", "2027-12-31 23:59:59.999", "2027-01-01", "2028-01-01"),
        ("year", "2028-01-01 00:00", "2028-01-01", "2029-01-01"),
        ("quarter", "2026-03-31 23:59:59.999", "2026-01-01", "2026-04-01"),
        ("quarter", "2026-04-01", "2026-04-01", "2026-07-01"),
        ("quarter", "2026-12-31", "2026-10-01", "2027-01-01"),
        # The clocks change within them.
        ("month", "2026-03-29 03:30", "2026-03-01", "2026-04-01"),
        ("month", "2026-10-25 02:30", "2026-10-01", "2026-11-01"),
        ("month", "2028-02-29", "2028-02-01", "2028-03-01"),
    ],
)
def test_a_period_of_the_calendar(unit: str, now: str, begin: str, end: str) -> None:
    assert window(calendar=unit).period(Standing(), at(now)) == (at(begin), at(end))


def test_a_year_is_the_shops() -> None:
    now = at("2026-12-31 12:00", "UTC")
    assert window("Pacific/Kiritimati", calendar="year").begin(Standing(), now) == at(
        "2027-01-01", "Pacific/Kiritimati"
    )
    assert window("UTC", calendar="year").begin(Standing(), now) == at("2026-01-01", "UTC")


@pytest.mark.parametrize(
    ("now", "begin", "end"),
    [
        ("2028-02-29 10:00", None, "2029-02-28 10:00"),
        ("2029-02-28 09:59:59.999", None, "2029-02-28 10:00"),
        ("2029-02-28 10:00", "2029-02-28 10:00", "2030-02-28 10:00"),
        ("2032-02-29 09:59:59.999", "2031-02-28 10:00", "2032-02-29 10:00"),
        ("2032-02-29 10:00", "2032-02-29 10:00", "2033-02-28 10:00"),
        ("2033-01-31 10:00", "2032-02-29 10:00", "2033-02-28 10:00"),
    ],
)
def test_a_year_of_the_member_from_29_february(now: str, begin: str | None, end: str) -> None:
    standing = Standing(level=1, since=at("2030-05-01"), tenure=Tenure(joined=at("2028-02-29 10:00")))
    found = window(anniversary="joined").period(standing, at(now))
    assert found == (None if begin is None else at(begin), at(end))


def test_a_year_of_the_tier_begins_after_what_brought_it() -> None:
    since = at("2026-10-25 02:30")
    standing = Standing(level=1, since=since, tenure=Tenure(joined=at("2026-01-05")))
    years = window(anniversary="tier")
    assert years.period(standing, since) == (since + 1, at("2027-10-25 02:30"))
    assert years.begin(standing, at("2027-10-25 02:30")) == at("2027-10-25 02:30")


def test_the_order_that_one_joins_with_counts_on_the_lowest_level() -> None:
    standing = Standing(level=0, since=5, tenure=Tenure(joined=5))
    assert window(anniversary="tier").begin(standing, 5) is None
    # after a fall to it, it begins anew
    standing.since = 9
    assert window(anniversary="tier").begin(standing, 9) == 10
