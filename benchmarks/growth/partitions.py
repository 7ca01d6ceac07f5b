"""What a worker costs with 1 to 64 partitions of the same traffic: a transaction a partition, a store a partition."""

import tempfile
from pathlib import Path

from benchmarks.cluster import cluster
from benchmarks.growth.growth import Growth, Scale
from benchmarks.growth.live import through
from benchmarks.workload import workload


def measure(scale: Scale) -> Growth:
    counts, events, repeats = ((1, 4, 16, 64), 100_000, 1) if scale == "full" else ((1, 8), 10_000, 1)
    found = Growth(
        "Partitions of one worker",
        "partitions",
        f"A worker waits, ready, on so many partitions of a real Apache Kafka (one core for the worker, the rest for "
        f"the broker and the generator) until {events:,} events are produced, Zipf-like; CPU of both agents from then "
        "until all are decided. The more partitions, the fewer records in each transaction.",
        "none of its own",
    )
    calls = list(workload(events))
    for count in counts:
        for _ in range(repeats):
            with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), partitions=count) as beside:
                run = through(beside, [beside.start_worker()], calls)
            print(count, run, flush=True)
            found.add("us an event", "both agents", count, [sum(run.cpu.values())])
            for agent, cost in run.cpu.items():
                found.add("us an event", agent, count, [cost])
            found.add("MiB resident", "worker", count, [run.resident], 0)
    return found
