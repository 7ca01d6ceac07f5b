"""What the soak says of growth."""

import random

from benchmarks.soak import MIB, growth


def test_a_slope_is_found_within_its_error() -> None:
    random.seed(1)
    points = [(2.0 * number, 100 * MIB + 1_000 * 2 * number + random.gauss(0, MIB)) for number in range(600)]
    said = growth("worker", points)
    true = 1_000 * 3600 / MIB
    assert abs(said["worker_mib_per_hour"] - true) <= said["worker_mib_per_hour_error"] + 0.1


def test_memory_that_only_goes_up_and_down_is_flat_within_the_error() -> None:
    points = [(2.0 * number, (100 + number // 50 % 2) * MIB) for number in range(600)]
    said = growth("worker", points)
    assert abs(said["worker_mib_per_hour"]) <= said["worker_mib_per_hour_error"]
