"""How far a source partition is read."""

from pipeline.kafka.consumer_thread import Standing
from pipeline.kafka.progress_teller import tick_interval


def standing(last: int, position: int, end: int, readable: int | None = None) -> Standing:
    return Standing(last, position, end, end if readable is None else readable, 0.0)


def test_transaction_markers_at_the_end_are_no_lag() -> None:
    # given the last record at 7 and its marker at 8
    read = standing(last=7, position=9, end=9)
    assert read.at_end
    assert read.lag(next_offset=8) == 0


def test_what_is_fetched_and_not_yet_taken_is_lag() -> None:
    assert standing(last=7, position=9, end=9).lag(next_offset=3) == 6


def test_an_open_transaction_is_no_lag_and_no_end() -> None:
    # given records that can't be read before their transaction is committed
    read = standing(last=7, position=8, end=20, readable=8)
    assert not read.at_end
    assert read.lag(next_offset=8) == 0


def test_many_partitions_are_told_of_idle_time_more_seldom() -> None:
    assert tick_interval(tick=500, owned=8, partitions=8) == 0.5
    assert tick_interval(tick=500, owned=64, partitions=64) > 8
