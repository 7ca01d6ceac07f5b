"""What time the brokers have."""

import time

import pytest

from pipeline.kafka.clock import Acceleration, BrokersClock, WorkerClock

APPENDED = 1_767_225_600_000


def test_nothing_is_known_before_the_first_delivery() -> None:
    assert BrokersClock().at(time.monotonic()) == 0


def test_the_last_append_time_runs_on_with_the_monotonic_clock() -> None:
    clock = BrokersClock()
    clock.observe(APPENDED)
    now = time.monotonic()
    assert APPENDED + 59_000 <= clock.at(now + 60) <= APPENDED + 61_000
    assert clock.at(now - 10) <= APPENDED - 9_000


def test_this_machines_clock_is_taken_where_brokers_do_not_stamp() -> None:
    clock = BrokersClock()
    clock.observe(None)
    assert abs(clock.at(time.monotonic()) - time.time() * 1000) < 1_000


def test_a_made_up_append_time_counts_as_none() -> None:
    clock = BrokersClock()
    clock.observe(1_234)
    assert abs(clock.at(time.monotonic()) - time.time() * 1000) < 1_000


def test_an_accelerated_day_runs_from_its_start_at_its_speed() -> None:
    origin = int(time.time() * 1000) - 2_000
    clock = WorkerClock(Acceleration(start=APPENDED, speed=600, origin=origin))
    assert APPENDED + 1_200_000 <= clock.at(time.monotonic()) <= APPENDED + 1_800_000


def test_acceleration_is_told_to_other_processes_with_its_origin() -> None:
    given = Acceleration.parse("1767225600000:600")
    assert Acceleration.parse(str(given)) == given


@pytest.mark.parametrize("text", ["", "1:2:3:4", "x:1", "1:0", "1:-2"])
def test_what_is_no_acceleration_is_refused(text: str) -> None:
    with pytest.raises(ValueError):
        Acceleration.parse(text)
