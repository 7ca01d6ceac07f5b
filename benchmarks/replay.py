"""Events a second of `afterclick replay` on one core: reading JSON, deciding, sorting and writing, memory store.

Usage: python -m benchmarks.replay [--events 1000000] [--repeats 3]
"""

import argparse
import tempfile
from pathlib import Path

from benchmarks import process
from benchmarks.cluster import REFERENCE
from benchmarks.result import record, spread
from benchmarks.workload import workload


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=1_000_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        source, single = Path(folder) / "events.ndjson", Path(folder) / "single.ndjson"
        with source.open("wb") as file:
            file.writelines(value + b"\n" for _, value in workload(given.events))
        single.write_bytes(next(workload(1))[1])
        output = Path(folder) / "decisions"
        flags = ["--quiet", "--topology", str(REFERENCE), "--output", str(output)]
        idle = process.run([*process.AFTERCLICK, "replay", str(single), *flags])
        costs = [process.run([*process.AFTERCLICK, "replay", str(source), *flags]) for _ in range(given.repeats)]
        lines = sum(len(path.read_bytes().splitlines()) for path in output.glob("*.ndjson"))
    figures = {
        "events": given.events,
        "repeats": given.repeats,
        "lines_written": lines,
        "start_seconds": round(idle.wall, 2),
        "events_per_second": spread([given.events / cost.wall for cost in costs]),
        "events_per_cpu_second": spread([given.events / cost.cpu for cost in costs]),
        "cpu_us_per_event": spread([(cost.cpu - idle.cpu) / given.events * 1e6 for cost in costs], 2),
        "peak_mib": spread([cost.peak / 2**20 for cost in costs]),
    }
    record(
        "replay",
        "`afterclick replay` of a file of newline-delimited JSON, pinned to one core; events_per_second is the whole "
        "process by the wall clock, events_per_cpu_second by its user and system time; cpu_us_per_event leaves out "
        "what starting the process takes.",
        "120,000 events/s on one core",
        figures,
    )


if __name__ == "__main__":
    main()
