"""Whether a worker's memory stays flat: resident memory of its processes at a steady load, and how it grows.

Usage: python -m benchmarks.soak [--minutes 8] [--rate 2000] [--shoppers 200000]
"""

import argparse
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import linear_regression, mean
from typing import NamedTuple

from benchmarks import process
from benchmarks.cluster import Cluster, Worker, cluster
from benchmarks.result import record
from benchmarks.workload import workload

MIB = 2**20
EVERY = 2.0
"""Seconds between two samples."""
WARM_UP = 0.3
"""Part of the run that does not count: caches and write buffers fill, all shoppers become known."""

# Caches as small as this are full long before the rest is counted: what grows then has no bound that we know of.
PRELUDE = """
from functools import partial

from pipeline.runtime import shopper_fold
from pipeline.state import rocksdb

rocksdb.RocksSettings = partial(rocksdb.RocksSettings, cache=8 << 20, write_buffers=16 << 20, write_buffer=1 << 20)
shopper_fold.Settings = partial(shopper_fold.Settings, cache_bytes=1 << 20)
print("Small caches.", flush=True)
"""


class Sample(NamedTuple):
    """at: seconds since the load began. resident: bytes by process."""

    at: float
    resident: Mapping[str, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=8)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--shoppers", type=int, default=200_000)
    given = parser.parse_args()
    events = int(given.minutes * 60 * given.rate)
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
        worker = beside.start_worker(beside.prelude(PRELUDE))
        worker.wait("it is ready", worker.ready)
        samples = _loaded(beside, worker, events, given.rate, given.shoppers)
        left = events - worker.events("shopper")
        worker.stop()
        if "Small caches." not in beside.log():
            raise RuntimeError("the worker did not run as it was meant to")
    if left > 10 * given.rate:
        raise RuntimeError(f"the worker does not keep up: {left} events were left")
    counted = [sample for sample in samples if sample.at >= WARM_UP * samples[-1].at]
    figures: dict[str, float] = {
        "minutes": given.minutes,
        "events_per_second": given.rate,
        "shoppers": given.shoppers,
        "samples": len(counted),
    }
    for name in (*counted[0].resident, "worker"):
        figures |= _growth(name, [(each.at, _of(each, name)) for each in counted])
    record(
        "soak",
        f"A steady load; resident memory of the worker's three processes every {EVERY:.0f} s. The first "
        f"{WARM_UP:.0%} of the run are left out; growth is the slope of least squares over the rest, per hour, and as "
        "uncertain as the run is short. Received time passes 20 ms an event, so that windows pass and timers fire. "
        "Caches and write buffers are made small (8 MiB of blocks and 16 MiB of writes an agent, 1 MiB of records a "
        "partition), so that their filling is over when counting begins.",
        "flat: less than 2 % an hour over an hour",
        figures,
    )


def _loaded(beside: Cluster, worker: Worker, events: int, rate: int, shoppers: int) -> list[Sample]:
    """Send at an even pace until all is sent; what was sampled meanwhile."""
    producer, samples = beside.producer(), list[Sample]()
    processes = {**worker.agents(), "supervisor": worker.process.pid}
    begun = time.perf_counter()
    for number, (key, value) in enumerate(workload(events, shoppers)):
        producer.produce("clickstream", value, key)
        if number % 100:
            continue
        producer.poll(0)
        time.sleep(max(0.0, begun + number / rate - time.perf_counter()))
        at = time.perf_counter() - begun
        if not samples or at >= samples[-1].at + EVERY:
            samples.append(Sample(at, {name: process.resident(pid) for name, pid in processes.items()}))
    if producer.flush(30):
        raise RuntimeError("the broker did not take the whole load")
    return samples


def _of(sample: Sample, name: str) -> int:
    return sum(sample.resident.values()) if name == "worker" else sample.resident[name]


def _growth(name: str, points: Sequence[tuple[float, int]]) -> dict[str, float]:
    seconds, resident = zip(*points, strict=True)
    slope = linear_regression(seconds, resident).slope * 3600
    tenth = max(1, len(resident) // 10)
    return {
        f"{name}_first_mib": round(mean(resident[:tenth]) / MIB, 1),
        f"{name}_last_mib": round(mean(resident[-tenth:]) / MIB, 1),
        f"{name}_mib_per_hour": round(slope / MIB, 1),
    }


if __name__ == "__main__":
    main()
