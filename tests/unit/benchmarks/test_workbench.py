"""Every stage of the workbench has something to do: a stage that moved elsewhere would cost nothing, and pass."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from benchmarks.workbench import STAGES, Workbench
from benchmarks.workload import workload

CALLS = 300


def test_each_stage_takes_time_for_every_call(tmp_path: Path) -> None:
    spent: Counter[str] = Counter()

    @contextmanager
    def measure(stage: str) -> Iterator[None]:
        begun = time.perf_counter_ns()
        yield
        spent[stage] += time.perf_counter_ns() - begun

    bench = Workbench(tmp_path)
    try:
        bench.take(list(workload(CALLS)), measure)
    finally:
        bench.close()
    # Handing one event on takes more than 20 ns wherever this runs; stages with nothing to do took 5 in all.
    assert set(spent) == set(STAGES)
    assert all(nanoseconds > 20 * CALLS for nanoseconds in spent.values()), spent


def test_calls_that_get_lost_on_the_way_are_an_error(tmp_path: Path) -> None:
    bench = Workbench(tmp_path)
    try:
        with pytest.raises(RuntimeError, match="of 2 calls 1 came"):
            bench.take([*workload(1), (b"u1", b"no call")], lambda stage: _nothing())
    finally:
        bench.close()


@contextmanager
def _nothing() -> Iterator[None]:
    yield
