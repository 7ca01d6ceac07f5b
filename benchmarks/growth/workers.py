"""What an event costs when 1 to 8 workers share its partitions; they share nothing else, so that is what adds up."""

import os
import tempfile
from pathlib import Path

from benchmarks import machine
from benchmarks.cluster import cluster
from benchmarks.growth.growth import Growth, Scale
from benchmarks.growth.live import through
from benchmarks.workload import workload

PARTITIONS = 16


def measure(scale: Scale) -> Growth:
    counts, events, repeats = ((1, 2, 4, 8), 100_000, 1) if scale == "full" else ((1, 2), 10_000, 1)
    found = Growth(
        "Workers",
        "workers",
        f"So many workers wait, ready, on {PARTITIONS} partitions of a real Apache Kafka until {events:,} events are "
        "produced, Zipf-like; CPU of all agents from then until all are decided, what idle workers take included. All "
        "share the machine's cores with broker and generator, so a rate would say nothing.",
        "CPU of an event does not grow with the workers",
    )
    calls = list(workload(events))
    for count in counts:
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), partitions=PARTITIONS) as beside:
                os.sched_setaffinity(0, set(machine.CORES))
                run = through(beside, [beside.start_worker(number=number + 1) for number in range(count)], calls)
            found.add("us an event", "all agents", count, [sum(run.cpu.values())])
            print(count, run, flush=True)
            found.add("MiB resident", "all workers", count, [run.resident], 0)
    return found
