"""Missions: orders in several periods, and streaks."""

from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.loyalty.mission import Missions
from pipeline.domain.loyalty_definition import Mission
from pipeline.domain.shopping import Order
from pipeline.domain.value.instant import format_instant, parse_instant

UTC = ZoneInfo("UTC")


def at(day: str) -> int:
    instant = parse_instant(f"{day}T12:00:00Z")
    assert instant is not None
    return instant


def orders(*days: str, **more: bool) -> list[Order]:
    """The latest first."""
    return [Order(number, at(day), 100, **more) for number, day in enumerate(days)][::-1]


@pytest.mark.parametrize(
    ("mission", "days", "end"),
    [
        (Mission("month", 3), ("2026-01-05", "2026-01-06", "2026-03-01", "2026-03-02"), ""),
        (Mission("month", 3), ("2026-01-05", "2026-03-01", "2026-06-30"), "2026-07-01"),
        (Mission("month", 3, True), ("2026-01-05", "2026-03-01", "2026-04-30"), ""),
        (Mission("month", 3, True), ("2026-01-05", "2026-02-07", "2026-03-01", "2026-03-30"), "2026-04-01"),
        (Mission("day", 2, True), ("2026-01-05", "2026-01-07"), ""),
        (Mission("day", 2, True), ("2026-01-05", "2026-01-06", "2026-01-08"), "2026-01-07"),
        (Mission("week", 2, True), ("2026-01-11", "2026-01-12"), "2026-01-19"),
        (Mission("quarter", 2, True), ("2026-01-11", "2026-04-12"), "2026-07-01"),
    ],
)
def test_periods_with_orders(mission: Mission, days: tuple[str, ...], end: str) -> None:
    for day in days[-2:]:
        found = Missions(mission).fulfilled(orders(*days), at(day), 0, UTC)
        assert (format_instant(found)[:10] if found else "") == end


def test_a_late_order_closes_the_gap_of_an_old_streak() -> None:
    book = orders("2025-01-05", "2025-02-05", "2025-03-05", "2026-01-05")
    assert (
        Missions(Mission("month", 3, True)).fulfilled(book, at("2025-02-05"), 0, UTC) == at("2025-04-01") - 43_200_000
    )


def test_what_does_not_stand_or_has_counted_does_not_count() -> None:
    mission = Missions(Mission("month", 2))
    assert not mission.fulfilled(orders("2026-01-05", "2026-02-05", cancelled=True), at("2026-02-05"), 0, UTC)
    assert not mission.fulfilled(orders("2026-01-05", "2026-02-05"), at("2026-02-05"), at("2026-01-06"), UTC)
