"""The operator `month`: of which month a date is, and the instants at which the month that is now begins and ends."""

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from pipeline.domain.definition import Filter, Test
from pipeline.domain.value.instant import HOUR, from_datetime
from pipeline.domain.value.operator import compile_filters, compile_tests, next_change
from tests.unit.config.builder import condition, condition_problems, problems

# Clocks change at midnight of a first of the month, or near one, in some of these.
ZONES = ["UTC", "Europe/Berlin", "America/New_York", "America/Asuncion", "Asia/Beirut", "Pacific/Apia", "Asia/Kolkata"]
JUNE = from_datetime(datetime(2026, 6, 15, 12, tzinfo=UTC))


def month(*months: object, zone: str = "UTC") -> tuple[Test, ...]:
    return (Test("month", (zone, *months)),)  # type: ignore[arg-type]


def holds(value: Any, *months: object, zone: str = "UTC", now: int = JUNE) -> bool:
    return compile_tests(month(*months, zone=zone))([value], now)


@pytest.mark.parametrize(
    ("date", "expected"),
    [
        ("1990-06-17", True),
        ("1990-05-31", False),
        ("--06-17", True),
        ("--07-01", False),
        (" 1990-06-17 ", True),
        ("1990-06-30T23:59:59-11:00", True),
        ("2126-06-01", True),
        ("0004-06-01", True),
        (1_782_000_000, True),
        (1_782_000_000_000, True),
        ("1782000000", True),
        ("1990-06-31", False),
        ("--06-31", False),
        ("--06-17T10:00:00Z", False),
        ("1990-06", False),
        ("06-17", False),
        ("1990-W25-1", False),
        ("17 June", False),
        ("", False),
        (6, False),
        (True, False),
        (None, False),
        ({"month": 6}, False),
    ],
)
def test_a_date_is_of_the_month_that_is_written(date: Any, expected: bool) -> None:
    assert holds(date, "now") is expected
    assert holds(date, 6, 12) is expected


def test_29_february_is_of_february_in_every_year() -> None:
    assert holds("--02-29", 2)
    assert holds("2000-02-29", 2)
    assert not holds("2001-02-29", 2)


def test_an_epoch_number_is_of_the_month_that_it_was_in_the_zone() -> None:
    # 2026-05-31T23:00:00Z
    instant = 1_780_268_400
    assert holds(instant, 6, zone="Europe/Berlin")
    assert holds(instant, 5, zone="America/New_York")


def test_any_element_of_an_array_will_do() -> None:
    check = compile_tests(month("now"))
    assert check([["1990-01-01", "1990-06-01"]], JUNE)
    assert not check([], JUNE)


@pytest.mark.parametrize("zone", ZONES)
def test_the_next_change_is_the_first_instant_at_which_the_truth_is_another(zone: str) -> None:
    check, tests = compile_tests(month("now", zone=zone)), month("now", zone=zone)
    now = from_datetime(datetime(2022, 1, 1, tzinfo=ZoneInfo(zone)))
    end = now + 800 * 24 * HOUR
    for date in ("1990-01-31", "--04-10", "1990-10-01"):
        # Every half hour the truth is what the calendar says, and changes at the instant foretold before.
        at, due = now, next_change(tests, [date], now)
        wanted = int(date.removeprefix("--").removeprefix("1990-")[:2])
        while at < end:
            local = (datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=at)).astimezone(ZoneInfo(zone))
            assert check([date], at) is (local.month == wanted)
            if at == due:
                assert check([date], at - 1) is not check([date], at)
                due = next_change(tests, [date], at)
            at += HOUR // 2
            assert due >= at, "a change was missed"


def test_months_by_number_never_change() -> None:
    assert next_change(month(6), ["1990-06-01"], JUNE) == 0
    assert next_change(month("now"), ["no date"], JUNE) == 0


def test_a_filter_may_ask_for_the_time_of_the_event() -> None:
    passes = compile_filters((Filter(("$time",), month(6)), Filter(("discount",), (Test("exists", False),))))
    assert passes is not None
    assert passes({}, JUNE)
    assert not passes({}, JUNE + 30 * 24 * HOUR)
    assert not passes({"discount": 1}, JUNE)


def test_months_are_read_in_any_order_and_once() -> None:
    written = condition("{trait: {name: a, month: [12, 1, 12]}}")
    assert written == condition("{trait: {name: a, month: [1, 12]}}")
    assert condition("{trait: {name: a, month: 1}}") == condition("{trait: {name: a, month: [1]}}")


@pytest.mark.parametrize("wrong", ["13", "0", "[]", "[1, June]", "soon", "1.5", "true"])
def test_what_is_no_month_is_refused(wrong: str) -> None:
    told = condition_problems(f"{{trait: {{name: a, month: {wrong}}}}}")
    assert told == ["trait.month: should be now, a month from 1 to 12, or a list of months"]


def test_a_number_has_no_month() -> None:
    body = "traits: {n: {orders: {}}}\nsegments: {a: {when: {computed: {name: n, month: now}}}}"
    assert problems(body) == ["segments.a.when.computed.month: n is a number (orders), month is not for numbers"]
