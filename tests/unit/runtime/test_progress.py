"""Partition time: the rules of architecture.md, "Time"."""

import msgspec
import pytest

from pipeline.runtime.ports import Checkpoint
from pipeline.runtime.progress import Progress, advance, decode_progress, progress_records

STALL = 1_000


def times(*records: tuple[int, int], sources: int, stall: int | None = STALL) -> list[int]:
    checkpoint = Checkpoint()
    return [advance(checkpoint, Progress(source, until), sources, stall) for source, until in records]


def test_it_is_the_least_of_all_sources() -> None:
    assert times((0, 10_000), (1, 10_400), (0, 10_300), (1, 10_500), (0, 10_900), sources=2) == [
        0,
        10_000,
        10_300,
        10_300,
        10_500,
    ]


def test_it_never_runs_backwards() -> None:
    assert times((0, 10_000), (0, 9_000), (0, 10_001), sources=1) == [10_000, 10_000, 10_001]


def test_a_source_never_heard_of_holds_it_back_but_not_longer_than_stall() -> None:
    assert times((0, 10_000), (0, 10_900), (0, 11_000), (0, 11_001), sources=2) == [0, 0, 0, 11_001]


def test_the_first_records_of_a_source_may_be_older_than_the_first_progress() -> None:
    assert times((0, 10_000), (1, 9_500), (1, 10_100), sources=2) == [0, 9_500, 10_000]


def test_a_source_that_stalls_is_left_out_and_comes_back_without_turning_time_back() -> None:
    assert times((0, 10_000), (1, 10_000), (0, 11_001), (1, 10_500), (0, 11_400), (1, 11_300), sources=2) == [
        0,
        10_000,
        11_001,
        11_001,
        11_001,
        11_300,
    ]


def test_exactly_at_the_stall_a_source_still_counts() -> None:
    assert times((0, 10_000), (1, 10_000), (0, 11_000), sources=2) == [0, 10_000, 10_000]


def test_without_a_clock_no_source_is_left_out() -> None:
    assert times((0, 10_000), (0, 10**12), (1, 10_500), sources=2, stall=None) == [0, 0, 10_500]


def test_a_source_beyond_the_number_told_counts_too() -> None:
    assert times((5, 10_000), (0, 10_100), sources=1) == [10_000, 10_000]


def test_all_of_it_is_in_the_checkpoint() -> None:
    checkpoint = Checkpoint()
    advance(checkpoint, Progress(1, 7), 2, STALL)
    advance(checkpoint, Progress(0, 9), 2, STALL)
    assert (checkpoint.sources, checkpoint.first_progress, checkpoint.time) == ({1: 7, 0: 9}, 7, 7)


def test_every_partition_is_told() -> None:
    outputs = progress_records(3, 77, 4)
    assert [output.partition for output in outputs] == [0, 1, 2, 3]
    assert {output.key for output in outputs} == {b"\x00progress/3"}
    assert outputs[0].value == b'{"type":"progress","source":3,"until":77}'
    assert decode_progress(outputs[0].value) == Progress(3, 77)


@pytest.mark.parametrize("value", [b"", b"{}", b'{"type":"track","source":1,"until":2}', b'{"type":"progress"}'])
def test_what_is_no_progress_is_refused(value: bytes) -> None:
    with pytest.raises(msgspec.DecodeError):
        decode_progress(value)
