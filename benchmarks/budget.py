"""What each stage of an event may cost, in instructions and in time: compares a run with budget.toml.

Instructions are counted by valgrind's callgrind, which simulates the processor: a busy machine makes it slower and
changes nothing in what it counts. They decide; time depends on the neighbours and is shown only.
Usage: python -m benchmarks.budget [--write]
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from pathlib import Path

from benchmarks.workbench import STAGES, Measure, Workbench
from benchmarks.workload import workload
from pipeline.worker import settle_collector

BUDGET = Path(__file__).parent / "budget.toml"
TOLERANCE = 1.15
"""Of instructions: what a stage may cost, times its budget."""

SHOPPERS = 20_000
COUNTED = (1, 2_000)
"""Batches, and events a batch, of which instructions are counted; as many go before, to warm up."""
TIMED = (12, 5_000)
_MARK = "getppid"
"""A function of the C library that nothing else calls: callgrind writes down its counts each time it is entered."""
_MAIN_THREAD = "-01"


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.budget", description=__doc__)
    parser.add_argument("--write", action="store_true", help="make what this run costs the budget")
    parser.add_argument("--count", type=Path, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.count is not None:
        count_run(given.count, workload(calls_counted(), shoppers=SHOPPERS))
        return
    if shutil.which("valgrind") is None:
        sys.exit("valgrind counts the instructions; install it (Debian: apt-get install valgrind)")
    times, counts = microseconds(), instructions()
    measured = {stage: {"microseconds": times[stage], "instructions": counts[stage]} for stage in STAGES}
    if given.write:
        BUDGET.write_text(_written(measured))
    sys.exit(compare(measured, tomllib.loads(BUDGET.read_text())))


def microseconds() -> dict[str, float]:
    """CPU time of the thread an event, by stage: the least of the batches, as whatever disturbs only adds."""
    least = dict.fromkeys(STAGES, float("inf"))
    size = TIMED[1]

    @contextmanager
    def measure(stage: str) -> Iterator[None]:
        begun = time.thread_time()
        yield
        least[stage] = min(least[stage], (time.thread_time() - begun) / size * 1e6)

    calls = workload(2 * TIMED[0] * TIMED[1], shoppers=SHOPPERS)
    _run(*TIMED, warm=_unmeasured, measure=measure, calls=calls)
    return {stage: round(value, 2) for stage, value in least.items()}


def instructions(*arguments: str) -> dict[str, int]:
    """Instructions an event, by stage, of the main thread: of a run of this module under callgrind, or of the one that
    `arguments` begin with, which takes `--count FILE` as this one does. What the threads of RocksDB and librdkafka do
    depends on timing, and is left out."""
    total = totals(*(arguments or ("benchmarks.budget",)))
    events = COUNTED[0] * COUNTED[1]
    return {stage: round(total[stage] / events) for stage in STAGES}


def totals(*program: str) -> dict[str, int]:
    """Instructions of the main thread by what a run of a module under callgrind says that it did: it takes `--count
    FILE`, writes a line there for each, and enters the marking function after each (`mark`)."""
    with tempfile.TemporaryDirectory() as name:
        order, dump = Path(name) / "order", Path(name) / "dump"
        command = ["valgrind", "--tool=callgrind", "--separate-threads=yes", f"--dump-before={_MARK}"]
        # Hashes decide how dicts and sets lie, and so what a look-up costs.
        environment = {**os.environ, "PYTHONHASHSEED": "0"}
        command += [f"--callgrind-out-file={dump}", sys.executable, "-m", *program, "--count", str(order)]
        run = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
        if run.returncode:
            raise RuntimeError(f"the counted run failed:\n{run.stderr[-3_000:]}")
        total: dict[str, int] = defaultdict(int)
        for number, stage in enumerate(order.read_text().splitlines(), start=1):
            total[stage] += _total(Path(f"{dump}.{number}{_MAIN_THREAD}"))
        return total


def compare(measured: Mapping[str, Mapping[str, float]], budget: Mapping[str, Mapping[str, float]]) -> int:
    """Print a line a stage; 1 if one takes more instructions than its budget and the tolerance allow, else 0."""
    over = []
    print(f"{'stage':18}{'us':>8}{'budget':>8}{'instructions':>14}{'budget':>10}")
    for stage in STAGES:
        cost, allowed = measured[stage], budget[stage]
        ratio = cost["instructions"] / allowed["instructions"]
        if ratio > TOLERANCE:
            over.append(stage)
        print(
            f"{stage:18}{cost['microseconds']:8.2f}{allowed['microseconds']:8.2f}"
            f"{cost['instructions']:14,.0f}{allowed['instructions']:10,.0f}{ratio - 1:+8.1%}"
        )
    if over:
        print(f"over budget by more than {TOLERANCE - 1:.0%}: {', '.join(over)}")
    return 1 if over else 0


def calls_counted() -> int:
    """How many calls a counted run takes."""
    batches, size = COUNTED
    return 2 * batches * size


def mark(marks: list[str], done: str) -> None:
    """What was done since the last mark."""
    marks.append(done)
    os.getppid()


def count_run(order: Path, calls: Iterator[tuple[bytes, bytes]], topology: str | None = None) -> None:
    """Under callgrind: enter the marking function around each stage, and write down what each count belongs to.

    topology: its text, else the reference's."""
    marks: list[str] = []

    @contextmanager
    def measure(stage: str) -> Iterator[None]:
        mark(marks, "between stages")
        yield
        mark(marks, stage)

    _run(*COUNTED, warm=_unmeasured, measure=measure, calls=calls, topology=topology)
    order.write_text("\n".join(marks))


def _run(
    batches: int,
    size: int,
    warm: Measure,
    measure: Measure,
    calls: Iterator[tuple[bytes, bytes]],
    topology: str | None = None,
) -> None:
    """As many batches to warm up as are measured."""
    with tempfile.TemporaryDirectory() as folder:
        bench = Workbench(Path(folder), topology)
        settle_collector()
        try:
            for number in range(2 * batches):
                bench.take(list(islice(calls, size)), warm if number < batches else measure)
        finally:
            bench.close()


@contextmanager
def _unmeasured(stage: str) -> Iterator[None]:
    yield


def _total(dump: Path) -> int:
    """Instructions since the dump before."""
    for line in dump.read_text().splitlines():
        if line.startswith("totals:"):
            return int(line.split()[1])
    raise RuntimeError(f"callgrind's {dump.name} holds no total")


def _written(measured: Mapping[str, Mapping[str, float]]) -> str:
    lines = [
        "# Cost of an event by stage, with the reference topology; see docs/performance.md. Written by",
        "# python -m benchmarks.budget --write. Instructions decide (15 % over fails), microseconds are shown.",
    ]
    for stage, cost in measured.items():
        lines += ["", f'["{stage}"]', *(f"{name} = {value}" for name, value in cost.items())]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
