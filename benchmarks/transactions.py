"""What transactions cost: the same worker over the same input, with each commit, and with a flush in its place.

Usage: python -m benchmarks.transactions [--events 300000] [--repeats 3]
"""

import argparse
import tempfile
from pathlib import Path
from statistics import median

from benchmarks.cluster import cluster
from benchmarks.result import record, spread
from benchmarks.worker import Run, through
from benchmarks.workload import workload

# What is left of a commit is the flush that comes before it: every record confirmed by the broker. Nobody is fenced.
PRELUDE = """
from pipeline.kafka import outbox


class Plain(outbox.Producer):
    def __init__(self, properties):
        super().__init__({name: properties[name] for name in properties if not name.startswith("transaction")})

    def init_transactions(self, timeout): ...
    def begin_transaction(self): ...
    def commit_transaction(self, timeout): ...
    def abort_transaction(self, timeout): ...


outbox.Producer = Plain
print("Without transactions.", flush=True)
"""

MODES = ("commit", "flush")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=300_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    runs: dict[str, list[Run]] = {mode: [] for mode in MODES}
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
        beside.fill(workload(given.events))
        for number in range(given.repeats):
            # One first, then the other: what changes on the machine in the meantime weighs on both.
            for mode in MODES if number % 2 == 0 else reversed(MODES):
                beside.begin_anew(f"{mode}-{number}")
                environment = beside.prelude(PRELUDE) if mode == "flush" else {}
                runs[mode].append(through(beside, given.events, environment))
                if ("Without transactions." in beside.log()) != (mode == "flush"):
                    raise RuntimeError("the worker did not run as it was meant to")
                print(mode, runs[mode][-1], flush=True)
    rates = {mode: [run.rate for run in runs[mode]] for mode in MODES}
    cpu = {mode: [sum(run.cpu.values()) for run in runs[mode]] for mode in MODES}
    figures = {
        "events": given.events,
        "repeats": given.repeats,
        **{f"{mode}_events_per_second": spread(rates[mode]) for mode in MODES},
        **{f"{mode}_cpu_us_per_event": spread(cpu[mode], 2) for mode in MODES},
        "throughput_lost_percent": round(100 * (1 - median(rates["commit"]) / median(rates["flush"])), 1),
        "cpu_added_percent": round(100 * (median(cpu["commit"]) / median(cpu["flush"]) - 1), 1),
    }
    record(
        "transactions",
        "The worker benchmark, the same input read anew by each run, alternating: as it is, and with producers that "
        "are not transactional, so that a commit is a flush: all records confirmed by the broker. Shares: of medians.",
        "at most 10 % of the throughput at the default batch size",
        figures,
    )


if __name__ == "__main__":
    main()
