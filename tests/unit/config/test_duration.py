"""Durations and spans."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config.duration import format_duration, parse_duration, parse_span
from pipeline.domain.loyalty_definition import Span
from pipeline.domain.value.instant import DAY, HOUR, MINUTE, SECOND


@pytest.mark.parametrize(
    ("written", "ms"),
    [
        ("500ms", 500), ("90s", 90 * SECOND), ("15m", 15 * MINUTE), ("4h", 4 * HOUR), ("30d", 30 * DAY),
        ("12w", 84 * DAY), ("0s", 0), ("P30D", 30 * DAY), ("PT1H30M", 90 * MINUTE), ("P1W", 7 * DAY),
        ("PT0.5S", 500), ("PT1.25S", 1250), ("P1DT2H", DAY + 2 * HOUR),
    ],
)  # fmt: skip
def test_durations(written: str, ms: int) -> None:
    assert parse_duration(written) == ms


@pytest.mark.parametrize("written", ["", "5", 5, None, True, "1y", "1 h", "1h30m", "h", "1.5h", "P", "PT", "P1S", "1H"])
def test_what_is_no_duration(written: object) -> None:
    with pytest.raises(ValueError, match="is no duration: write 500ms"):
        parse_duration(written)


def test_negative_durations_are_refused() -> None:
    with pytest.raises(ValueError, match="should not be negative"):
        parse_duration("-1h")


@pytest.mark.parametrize("written", ["P1M", "P1Y", "P1Y2D"])
def test_calendar_durations_have_no_fixed_length(written: str) -> None:
    with pytest.raises(ValueError, match="has no fixed length"):
        parse_duration(written)


def test_spans_keep_the_calendar_apart() -> None:
    assert parse_span("P1Y2M10DT1H") == Span(ms=10 * DAY + HOUR, months=14)
    assert parse_span("365d") == Span(ms=365 * DAY)


@pytest.mark.parametrize("written", ["40000d", "P101Y", "999999999999999w"])
def test_absurd_spans_are_refused(written: str) -> None:
    with pytest.raises(ValueError, match="longer than 100 years"):
        parse_span(written)


@given(st.integers(0, 36_000 * DAY))
def test_formatting_is_the_reverse_of_parsing(ms: int) -> None:
    assert parse_duration(format_duration(ms)) == ms
