"""Resident memory of a worker that knows a million shoppers, and the bytes that each of them takes.

Usage: python -m benchmarks.memory [--shoppers 1000000]
"""

import argparse
import tempfile
from collections.abc import Iterator
from pathlib import Path
from statistics import median

from benchmarks import process
from benchmarks.cluster import Cluster, cluster
from benchmarks.result import record
from benchmarks.workload import workload
from pipeline.state.rocksdb import RocksStore

MIB = 2**20


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, default=1_000_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
        beside.fill(workload(given.shoppers, shoppers=given.shoppers, each=True))
        worker = beside.start_worker()
        worker.wait("all are known", lambda: worker.events("shopper") >= given.shoppers, patience=400, pause=0.5)
        agents = {**worker.agents(), "supervisor": worker.process.pid}
        figures = {f"{agent}_resident_mib": round(process.resident(pid) / MIB) for agent, pid in agents.items()}
        figures |= {f"{agent}_peak_mib": round(process.peak_resident(pid) / MIB) for agent, pid in agents.items()}
        figures["worker_resident_mib"] = sum(figures[f"{agent}_resident_mib"] for agent in agents)
        worker.stop()
        sizes = sorted(_sizes(beside))
        disk = sum(file.stat().st_size for file in (beside.data / "shopper" / "state").rglob("*") if file.is_file())
    figures |= {
        "shoppers": len(sizes),
        "record_bytes_median": median(sizes),
        "record_bytes_mean": round(sum(sizes) / len(sizes)),
        "record_bytes_p99": sizes[len(sizes) * 99 // 100],
        "disk_bytes_per_shopper": round(disk / len(sizes)),
    }
    record(
        "memory",
        "A worker takes one event of each shopper, drawn from the reference mix in random order, with RocksDB, "
        "changelog and Apache Kafka; resident memory of each process then, and the most it ever was. Records "
        "are as stored and as in the changelog, before compression; disk is after it, with the due-time index.",
        "1M shoppers in less than 1,024 MiB resident",
        figures,
    )


def _sizes(beside: Cluster) -> Iterator[int]:
    store = RocksStore(beside.data / "shopper" / "state")
    for partition in range(4):
        state = store.open(str(partition))
        try:
            yield from (len(value) for _, value in state.scan())
        finally:
            state.close()


if __name__ == "__main__":
    main()
