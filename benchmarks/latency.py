"""Latency at low load: an event handed to the broker until its decision is visible to a read-committed consumer.

Usage: python -m benchmarks.latency [--events 600] [--rate 20]
"""

import argparse
import tempfile
import time
from pathlib import Path

from benchmarks.cluster import cluster
from benchmarks.decisions import DecisionReader, send_order
from benchmarks.result import record
from benchmarks.workload import order


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=600)
    parser.add_argument("--rate", type=float, default=20)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, cluster(Path(folder), time_block="") as beside:
        worker = beside.start_worker()
        worker.wait("it is ready", worker.ready)
        reader, producer = DecisionReader(beside.brokers), beside.producer(linger=0)
        send_order(beside, "warm")
        reader.wait("warm")
        sent: dict[str, float] = {}
        begun = time.perf_counter()
        for number in range(given.events):
            key, value = order(f"s{number}")
            sent[f"s{number}"] = time.perf_counter()
            producer.produce("clickstream", value, key)
            producer.poll(0)
            reader.poll(begun + (number + 1) / given.rate - time.perf_counter())
        for shopper in sent:
            reader.wait(shopper)
        reader.close()
        worker.stop()
    waits = sorted((reader.seen[shopper] - at) * 1000 for shopper, at in sent.items())
    figures = {
        "events": given.events,
        "events_per_second": given.rate,
        "p50_ms": round(waits[len(waits) // 2], 1),
        "p99_ms": round(waits[len(waits) * 99 // 100], 1),
        "max_ms": round(waits[-1], 1),
    }
    record(
        "latency",
        "Orders of new shoppers, one at a time at a low rate, each through intake's transaction and the shopper "
        "agent's on the same core (exactly once); from handing the event to a producer until a read-committed "
        "consumer has the segment change.",
        "none yet; later p50 <= 50 ms, p99 <= 200 ms at half load",
        figures,
    )


if __name__ == "__main__":
    main()
