import pytest

from pipeline.demo.rate import Rate


def test_the_first_reading_tells_nothing() -> None:
    assert Rate().read(10.0, 500) == 0


def test_growth_is_told_a_second() -> None:
    rate = Rate(window=5)
    rate.read(0.0, 0)

    assert rate.read(2.0, 100) == 50


def test_what_was_before_the_window_counts_no_more() -> None:
    rate = Rate(window=2)
    for second in range(10):
        rate.read(second, 1_000 * second)

    readings = [rate.read(10.0 + second, 9_000) for second in range(4)]

    assert readings[-1] == pytest.approx(0)
