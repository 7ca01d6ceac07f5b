"""Quiet hours in zones with odd days."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.message_definition import QuietHours
from pipeline.domain.messaging.quiet_hours import Nights
from pipeline.domain.value.instant import HOUR, MINUTE, format_instant, from_datetime

NIGHTS = Nights(QuietHours(21 * HOUR, 8 * HOUR))


def at(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text).replace(tzinfo=UTC))


def ends(nights: Nights, text: str, zone: str) -> str | None:
    end = nights.end(at(text), ZoneInfo(zone))
    return format_instant(end)[:-5] if end else None


@pytest.mark.parametrize(
    ("now", "zone", "end"),
    [
        ("2026-01-05T19:59:59", "Europe/Berlin", None),
        ("2026-01-05T20:00:00", "Europe/Berlin", "2026-01-06T07:00:00"),
        ("2026-01-06T06:59:59", "Europe/Berlin", "2026-01-06T07:00:00"),
        ("2026-01-06T07:00:00", "Europe/Berlin", None),
        ("2026-01-05T15:15:00", "Asia/Kathmandu", "2026-01-06T02:15:00"),
        # In Samoa there was no 30 December 2011: the night of the 29th went on to the morning of the 31st.
        ("2011-12-30T08:00:00", "Pacific/Apia", "2011-12-30T18:00:00"),
        # The night in which clocks go forward is an hour shorter, back an hour longer.
        ("2026-03-28T20:00:00", "Europe/Berlin", "2026-03-29T06:00:00"),
        ("2026-10-24T19:00:00", "Europe/Berlin", "2026-10-25T07:00:00"),
    ],
)
def test_a_night_ends_by_the_clock_on_the_wall(now: str, zone: str, end: str | None) -> None:
    assert ends(NIGHTS, now, zone) == end


def test_hours_that_the_clocks_jump_over_are_none() -> None:
    skipped = Nights(QuietHours(2 * HOUR, 3 * HOUR))
    assert ends(skipped, "2026-03-28T01:30:00", "Europe/Berlin") == "2026-03-28T02:00:00"
    assert ends(skipped, "2026-03-29T01:00:00", "Europe/Berlin") is None


def test_hours_that_the_clocks_show_twice_are_quiet_until_they_first_end() -> None:
    twice = Nights(QuietHours(2 * HOUR, 3 * HOUR))
    assert ends(twice, "2026-10-25T00:00:00", "Europe/Berlin") == "2026-10-25T02:00:00"
    first = Nights(QuietHours(2 * HOUR, 2 * HOUR + 30 * MINUTE))
    assert ends(first, "2026-10-25T00:15:00", "Europe/Berlin") == "2026-10-25T00:30:00"
    assert ends(first, "2026-10-25T01:15:00", "Europe/Berlin") is None


@pytest.mark.parametrize("zone", ["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Africa/Cairo"])
@pytest.mark.parametrize("hours", [QuietHours(21 * HOUR, 8 * HOUR), QuietHours(30 * MINUTE, 90 * MINUTE)])
def test_through_years_of_changes_the_end_is_the_first_instant_that_is_not_quiet(zone: str, hours: QuietHours) -> None:
    nights, where, now = Nights(hours), ZoneInfo(zone), at("2016-10-01T00:00:00")
    for _ in range(3_000):
        end = nights.end(now, where)
        if end:
            assert now < end <= now + 13 * HOUR
            assert nights.end(end - 1, where) == end
            assert not nights.end(end, where)
        now += 7 * HOUR + 13 * MINUTE


def test_messages_that_waited_are_spread_over_the_time_asked_for() -> None:
    spread = Nights(QuietHours(21 * HOUR, 8 * HOUR, spread=30 * MINUTE))
    end = at("2026-01-06T07:00:00")
    instants = [spread.resumes(end, f"{number * 2**128 // 500:032x}"[-32:]) - end for number in range(500)]
    assert all(0 <= instant < 30 * MINUTE for instant in instants)
    assert len(set(instants)) > 400
    assert NIGHTS.resumes(end, "f" * 32) == end
