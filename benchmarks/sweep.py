"""Seconds that a million shoppers take to be brought under a changed topology, and what live events wait meanwhile.

Usage: python -m benchmarks.sweep [--shoppers 1000000] [--rate 20]
"""

import argparse
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from benchmarks import process
from benchmarks.cluster import Cluster, Worker, cluster
from benchmarks.decisions import DecisionReader
from benchmarks.result import record
from benchmarks.workload import order, workload

CHANGES = {
    # Changed, new, gone.
    "of: Product Viewed, at_least: 5": "of: Product Viewed, at_least: 4",
    "segments:\n": "segments:\n  spender: {when: {spend: {within: 30d, at_least: 50}}}\n",
    "  big_cart: {when: {cart: {value: {at_least: 100}}}}\n": "",
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--shoppers", type=int, default=1_000_000)
    parser.add_argument("--rate", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), time_block="") as beside:
        begin = datetime.now(UTC) - timedelta(hours=12)
        beside.fill(workload(given.shoppers, shoppers=given.shoppers, each=True, start=begin))
        worker = beside.start_worker()
        worker.wait("all are known", lambda: worker.events("shopper") >= given.shoppers, patience=900, pause=0.5)
        worker.stop()
        _change(beside)
        figures = _sweep(beside, given.shoppers, given.rate)
    record(
        "sweep",
        "A worker that knows so many shoppers, four partitions, stops, and starts with one segment changed, one new, "
        "one gone, pinned to one core, Apache Kafka on the others; from the first shopper brought over to the last, "
        "every record rewritten in store and changelog, with the decisions, exactly once. Meanwhile orders of new "
        "shoppers, one at a time; from handing one to a producer until a read-committed consumer has the decision.",
        "1M shoppers in < 60 s on one core; live events p99 < 500 ms",
        figures,
    )


def _change(beside: Cluster) -> None:
    text = beside.topology.read_text()
    for before, after in CHANGES.items():
        if before not in text:
            raise RuntimeError(f"the reference topology has changed: no {before!r}")
        text = text.replace(before, after)
    beside.topology.write_text(text)


def _sweep(beside: Cluster, shoppers: int, rate: float) -> dict[str, float]:
    reader, producer = DecisionReader(beside.brokers), beside.producer(linger=0)
    worker = beside.start_worker()
    worker.wait("the sweep begins", lambda: _swept(worker) > 0, pause=0.05)
    agent = worker.agents()["shopper"]
    begun, first, cpu = time.perf_counter(), _swept(worker), process.cpu_seconds(agent)
    ended, looked, sent = 0.0, begun, dict[str, float]()
    while not ended:
        key, value = order(f"s{len(sent)}")
        sent[key.decode()] = time.perf_counter()
        producer.produce("clickstream", value, key)
        producer.poll(0)
        reader.poll(begun + len(sent) / rate - time.perf_counter())
        if time.perf_counter() - looked > 0.5:
            looked = time.perf_counter()
            if worker.ready() and not worker.metric("sweeping", "shopper"):
                ended = looked
            elif looked - begun > 900:
                raise TimeoutError("the sweep does not end")
    cpu = process.cpu_seconds(agent) - cpu
    for shopper in sent:
        reader.wait(shopper)
    swept = _swept(worker)
    reader.close()
    worker.stop()
    if swept < shoppers:
        raise RuntimeError(f"only {swept} of {shoppers} shoppers were brought over")
    waits = sorted((reader.seen[shopper] - at) * 1000 for shopper, at in sent.items())
    seconds = ended - begun
    return {
        "shoppers": swept,
        "sweep_seconds": round(seconds, 1),
        "shoppers_per_second": round((swept - first) / seconds),
        "cpu_us_per_shopper": round(cpu / (swept - first) * 1e6, 1),
        "live_events": len(waits),
        "live_p50_ms": round(waits[len(waits) // 2], 1),
        "live_p99_ms": round(waits[len(waits) * 99 // 100], 1),
        "live_max_ms": round(waits[-1], 1),
    }


def _swept(worker: Worker) -> int:
    return int(worker.metric("shoppers_swept_total", "shopper"))


if __name__ == "__main__":
    main()
