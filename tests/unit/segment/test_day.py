"""Where the days of a zone begin."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.value.day import next_day
from pipeline.domain.value.instant import from_datetime


def ms(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))


@pytest.mark.parametrize(
    ("zone", "instant", "expected"),
    [
        ("UTC", "2026-01-05T00:00:00Z", "2026-01-06T00:00:00Z"),
        ("Europe/Berlin", "2026-01-05T22:59:59.999Z", "2026-01-05T23:00:00Z"),
        ("Europe/Berlin", "2026-03-29T00:00:00Z", "2026-03-29T22:00:00Z"),  # a day of 23 h
        ("Europe/Berlin", "2026-10-24T23:00:00Z", "2026-10-25T23:00:00Z"),  # one of 25 h
        ("America/Santiago", "2026-09-06T03:00:00Z", "2026-09-06T04:00:00Z"),  # midnight is skipped
        ("America/Havana", "2026-11-01T04:30:00Z", "2026-11-02T05:00:00Z"),  # midnight came twice
    ],
)
def test_the_next_day_begins_at_the_first_instant_after_its_midnight(zone: str, instant: str, expected: str) -> None:
    assert next_day(ms(instant), ZoneInfo(zone)) == ms(expected)
