"""Records a second at which a partition's state comes back from its changelog, on one core.

Usage: python -m benchmarks.restore [--shoppers 500000] [--repeats 3]
"""

import argparse
import json
import shutil
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from benchmarks import process
from benchmarks.cluster import Cluster, cluster
from benchmarks.result import record, spread
from benchmarks.workload import workload
from pipeline.config.flow import CHANGELOGS
from pipeline.config.topology import load
from pipeline.kafka.restore import restore
from pipeline.state.changelog import Restore
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore
from pipeline.worker import settle_collector

PARTITIONS = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, default=500_000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--child", nargs=3, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.child:
        _child(*given.child)
        return
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
        beside.fill(workload(given.shoppers, shoppers=given.shoppers, each=True))
        worker = beside.start_worker()
        worker.wait("all are known", lambda: worker.events("shopper") >= given.shoppers, pause=0.5)
        worker.stop()
        runs = [_restored(beside, Path(folder)) for _ in range(given.repeats)]
        shutil.rmtree(beside.data)
        whole = _new_worker(beside)
    figures = {
        "records": runs[0]["records"],
        "repeats": given.repeats,
        "records_per_second": spread([run["records"] / run["wall"] for run in runs]),
        "records_per_cpu_second": spread([run["records"] / run["cpu"] for run in runs]),
        "worker_without_disk_ready_seconds": round(whole, 2),
    }
    record(
        "restore",
        "A new process, pinned to one core, restores four partitions of the shopper changelog side by side, "
        "as a worker does, from Apache Kafka into empty RocksDB stores, read committed, with their due-time "
        "index; then a whole worker that lost its disk, from its start until it is ready.",
        "250,000 records/s",
        figures,
    )


def _restored(beside: Cluster, folder: Path) -> dict[str, float]:
    topic = load(beside.topology, {}).topic(CHANGELOGS[1])
    into, result = folder / "restored", folder / "restored.json"
    shutil.rmtree(into, ignore_errors=True)
    command = [sys.executable, "-m", "benchmarks.restore", "--child", beside.brokers, topic, str(into)]
    if process.start(command, result).wait():
        raise RuntimeError("the restoring process failed: " + result.read_text())
    figures: dict[str, float] = json.loads(result.read_text())
    return figures


def _child(brokers: str, topic: str, directory: str) -> None:
    store, codec = RocksStore(Path(directory)), RecordCodec()

    def restored(partition: int) -> int:
        state = store.open(str(partition))
        try:
            return restore({"bootstrap.servers": brokers}, topic, partition, Restore(state, codec)).records
        finally:
            state.close()

    settle_collector()
    begun, cpu = time.perf_counter(), time.process_time()
    with ThreadPoolExecutor(PARTITIONS) as pool:
        records = sum(pool.map(restored, range(PARTITIONS)))
    print(json.dumps({"records": records, "wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu}))


def _new_worker(beside: Cluster) -> float:
    worker = beside.start_worker()
    seconds = worker.wait("it is ready", worker.ready, pause=0.05)
    worker.stop()
    return seconds


if __name__ == "__main__":
    main()
