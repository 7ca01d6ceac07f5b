"""The pace of a partition: rounds of timers as long as they may be, whatever a timer costs."""

import time
from typing import Any

import pytest

from pipeline.kafka.pace import FIRST, LEAST, MOST, TARGET, Pace
from pipeline.runtime.fold import Counts
from pipeline.runtime.partition import Taken


def after(*rounds: tuple[int | None, float]) -> int:
    """Due entries of the next round after these: (entries met, None = all that it may; CPU seconds)."""
    pace = Pace()
    for entries, seconds in rounds:
        pace.after(pace.timers if entries is None else entries, seconds)
    return pace.timers


@pytest.mark.parametrize("microseconds", [60, 100, 160, 300])
def test_full_rounds_come_to_take_as_long_as_they_are_to(microseconds: int) -> None:
    # given timers of one cost
    pace, seconds = Pace(), 0.0
    # when full rounds of them are done
    for _ in range(4):
        seconds = pace.timers * microseconds / 1e6
        pace.after(pace.timers, seconds)
    # then a round takes what it is to, as near as whole timers allow
    assert seconds == pytest.approx(TARGET, rel=0.01)


def test_it_is_bounded_both_ways() -> None:
    assert after(*[(None, 0.0)] * 10) == MOST
    assert after((None, 60.0)) == LEAST


def test_more_are_taken_step_by_step_and_less_at_once() -> None:
    assert after((None, 3 * TARGET)) == FIRST // 3
    assert after((None, 3 * TARGET), (None, 0.0)) == FIRST // 3 * 2


def test_a_round_that_ran_out_of_timers_tells_nothing() -> None:
    assert after((FIRST - 1, 5.0), (0, 0.0)) == FIRST


def test_a_round_is_bounded_before_it_begins_and_costs_what_its_thread_computes() -> None:
    # given a processor whose rounds wait for a broker for longer than they may compute
    bounds: list[int] = []

    class Processor:
        pace = staticmethod(bounds.append)

    def full_round() -> Taken:
        time.sleep(2 * TARGET)
        return Taken(True, 0, 0, Counts(entries=pace.timers))

    processor: Any = Processor()
    pace = Pace()
    # when two full rounds are done
    for _ in range(2):
        taken = pace.round(processor, full_round)
        assert taken.finished
    # then each was told its bound, and the second may do more
    assert bounds == [FIRST, min(FIRST * 2, MOST)]
