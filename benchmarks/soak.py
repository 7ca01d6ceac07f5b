"""Whether a worker's memory stays flat: resident memory of its processes at a steady load, and how it grows.

Usage: python -m benchmarks.soak [--minutes 25] [--rate 2000] [--shoppers 200000] [--small]
"""

import argparse
import re
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import linear_regression, mean
from typing import NamedTuple

from benchmarks import process
from benchmarks.cluster import Cluster, Worker, cluster, get
from benchmarks.result import record
from benchmarks.workload import workload
from pipeline.config.memory import DEFAULT_MIB

MIB = 2**20
EVERY = 2.0
"""Seconds between two samples."""
SCRAPE = 15
"""Samples between two looks at metrics, half a minute as Prometheus does: asking takes memory too."""
WARM_UP = 0.3
"""Part of the run that does not count: caches and write buffers fill, all shoppers become known."""

BLOCKS = 12
"""Parts of what counts, whose means the slope is laid through: samples of neighbouring seconds are no independent
measurements, and would make it look more certain than it is."""

SMALL_MIB = 32
"""Caches as small as this are full before counting begins: what grows then has no bound that we know of."""


class Sample(NamedTuple):
    """at: seconds since the load began. resident: bytes by process. bounded: bytes of what has a bound, by agent and
    use."""

    at: float
    resident: Mapping[str, int]
    bounded: Mapping[str, float]


def main() -> None:
    given = _arguments()
    events = int(given.minutes * 60 * given.rate)
    bounds = {"AFTERCLICK_STATE_MEMORY_MIB": str(SMALL_MIB)} if given.small else {}
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
        worker = beside.start_worker(bounds)
        worker.wait("it is ready", worker.ready)
        samples = _loaded(beside, worker, events, given.rate, given.shoppers)
        left = events - worker.events("shopper")
        worker.stop()
    if left > 10 * given.rate:
        raise RuntimeError(f"the worker does not keep up: {left} events were left")
    counted = [sample for sample in samples if sample.at >= WARM_UP * samples[-1].at]
    record(
        "soak",
        f"A steady load; resident memory of the worker's three processes every {EVERY:.0f} s. The first "
        f"{WARM_UP:.0%} of the run are left out; growth is the slope of least squares through the means of {BLOCKS} "
        "equal parts of the rest, per hour, give or take two standard errors. Received time passes 20 ms an event, so "
        "that windows pass and timers fire. "
        + (
            f"Caches and write buffers of the shopper agent are bounded by {SMALL_MIB} MiB instead of {DEFAULT_MIB}, "
            "so that their filling is over when counting begins."
            if given.small
            else "Caches and write buffers have their default bounds; as long as they fill, memory grows."
        ),
        "flat: less than 2 % an hour over an hour",
        {
            "minutes": given.minutes,
            "events_per_second": given.rate,
            "shoppers": given.shoppers,
            "samples": len(counted),
            **_figures(counted),
        },
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--rate", type=int, default=2_000)
    parser.add_argument("--shoppers", type=int, default=200_000)
    parser.add_argument("--small", action="store_true", help="small caches, full before counting begins")
    return parser.parse_args()


def _figures(counted: Sequence[Sample]) -> dict[str, float | str]:
    figures: dict[str, float | str] = {}
    for name in (*counted[0].resident, "worker"):
        points = [(each.at, _of(each, name)) for each in counted]
        figures |= growth(name, points)
        figures[f"{name}_course_mib"] = course(points)
    # What still filled up while it was counted.
    for use, last in counted[-1].bounded.items():
        figures[f"{use}_first_mib"] = round(counted[0].bounded.get(use, 0) / MIB, 1)
        figures[f"{use}_last_mib"] = round(last / MIB, 1)
    return figures


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
            resident = {name: process.resident(pid) for name, pid in processes.items()}
            asked = len(samples) % SCRAPE == 0
            samples.append(Sample(at, resident, _bounded() if asked else samples[-1].bounded))
    if producer.flush(30):
        raise RuntimeError("the broker did not take the whole load")
    return samples


def _of(sample: Sample, name: str) -> int:
    return sum(sample.resident.values()) if name == "worker" else sample.resident[name]


def _bounded() -> dict[str, float]:
    """afterclick_state_memory_used_bytes, as AGENT_USE."""
    found = re.findall(r'state_memory_used_bytes\{agent="(\w+)",use="(\w+)"\} (\S+)', get("/metrics") or "")
    return {f"{agent}_{use}": float(size) for agent, use, size in found}


def growth(name: str, points: Sequence[tuple[float, float]]) -> dict[str, float]:
    """points: (seconds, bytes)."""
    means = _means(points)
    seconds, resident = [at for at, _ in means], [taken for _, taken in means]
    slope, start = linear_regression(seconds, resident)
    missed = sum((taken - start - slope * at) ** 2 for at, taken in zip(seconds, resident, strict=True))
    spread = sum((at - mean(seconds)) ** 2 for at in seconds)
    error = 2 * (missed / (BLOCKS - 2) / spread) ** 0.5
    hour = 3600 / MIB
    return {
        f"{name}_first_mib": round(resident[0] / MIB, 1),
        f"{name}_last_mib": round(resident[-1] / MIB, 1),
        f"{name}_mib_per_hour": round(slope * hour, 1),
        f"{name}_mib_per_hour_error": round(error * hour, 1),
        f"{name}_percent_per_hour": round(slope * 3600 / mean(resident) * 100, 1),
    }


def course(points: Sequence[tuple[float, float]]) -> str:
    """MiB of each part: whether it grew by steps, as backlogs do, or all along, as leaks do."""
    return " ".join(f"{taken / MIB:.0f}" for _, taken in _means(points))


def _means(points: Sequence[tuple[float, float]]) -> list[tuple[float, float]]:
    size = len(points) // BLOCKS
    blocks = [points[part * size : (part + 1) * size] for part in range(BLOCKS)]
    return [(mean(at for at, _ in block), mean(taken for _, taken in block)) for block in blocks]


if __name__ == "__main__":
    main()
