"""How soon a worker takes part: ready without a backlog, and its first decision after a restart and after a crash.

Usage: python -m benchmarks.start [--repeats 3]
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.cluster import cluster
from benchmarks.decisions import DecisionReader, send_order
from benchmarks.result import record, spread


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    runs = [_run() for _ in range(given.repeats)]
    figures = {name: spread([run[name] for run in runs], 2) for name in runs[0]}
    record(
        "start",
        "Seconds from starting `afterclick worker` (three processes on one core, four partitions) until /readyz says "
        "200, on topics never worked on and after an orderly stop; and until a read-committed consumer sees the "
        "decision on an order sent while no worker ran, after an orderly stop and after kill -9 of all processes, "
        "where the group first has to miss the dead member (session.timeout.ms is 6 s here).",
        "ready in less than 5 s without a backlog",
        figures,
    )


def _run() -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), time_block="") as beside:
        worker = beside.start_worker()
        seconds = {"ready_at_first_start": worker.wait("it is ready", worker.ready, pause=0.02)}
        reader = DecisionReader(beside.brokers)
        send_order(beside, "warm")
        reader.wait("warm")
        worker.stop()
        worker = beside.start_worker()
        seconds["ready_after_stop"] = worker.wait("it is ready", worker.ready, pause=0.02)
        worker.stop()
        send_order(beside, "stopped")
        worker = beside.start_worker()
        seconds["first_decision_after_stop"] = reader.wait("stopped") - worker.begun
        worker.kill()
        send_order(beside, "crashed")
        worker = beside.start_worker()
        seconds["first_decision_after_crash"] = reader.wait("crashed") - worker.begun
        reader.close()
        time.sleep(0.5)
        return seconds


if __name__ == "__main__":
    main()
