"""Events a second of `afterclick worker` on one core: JSON in, intake, RocksDB, changelog, decisions out, exactly once.

A real Apache Kafka runs on the other cores. Usage: python -m benchmarks.worker [--events 600000] [--repeats 3]
"""

import argparse
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from benchmarks import process
from benchmarks.cluster import Cluster, cluster
from benchmarks.result import record, spread
from benchmarks.workload import workload

AGENTS = ("intake", "shopper")


class Run(NamedTuple):
    """rate: events a second from the first batch to the last, both agents sharing the core. cpu: us an event by agent,
    over the same time. peak: resident bytes by agent."""

    rate: float
    cpu: dict[str, float]
    peak: dict[str, int]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    runs = []
    for _ in range(given.repeats):
        with tempfile.TemporaryDirectory() as folder, cluster(Path(folder)) as beside:
            beside.fill(workload(given.events))
            runs.append(through(beside, given.events))
            print(runs[-1])
    figures = {
        "events": given.events,
        "repeats": given.repeats,
        "events_per_second": spread([run.rate for run in runs]),
        **{f"{agent}_cpu_us_per_event": spread([run.cpu[agent] for run in runs], 2) for agent in AGENTS},
        "cpu_us_per_event": spread([sum(run.cpu.values()) for run in runs], 2),
        **{f"{agent}_peak_mib": spread([run.peak[agent] / 2**20 for run in runs]) for agent in AGENTS},
    }
    record(
        "worker",
        "Backlog of JSON events on 4 partitions of Apache Kafka; worker (supervisor, intake, shopper) pinned to one "
        "core, broker to the others; from the first batch taken to the last one committed by the shopper agent; CPU is "
        "user and system time of the agents' processes over that time.",
        "50,000 events/s on one core",
        figures,
    )


def through(beside: Cluster, events: int, environment: Mapping[str, str] | None = None) -> Run:
    """Work off the backlog with a new worker. environment: see `start_worker`."""
    worker = beside.start_worker(environment)
    worker.wait("the worker takes its first batch", lambda: worker.events("intake") > 0, pause=0.02)
    agents = worker.agents()
    begun, first, before = worker.wait("now", lambda: True), worker.events("intake"), _cpu(agents)
    ended = worker.wait("all events are decided", lambda: worker.events("shopper") >= events, pause=0.2)
    cpu = {agent: (_cpu(agents)[agent] - before[agent]) / (events - first) * 1e6 for agent in AGENTS}
    peak = {agent: process.peak_resident(pid) for agent, pid in agents.items()}
    worker.stop()
    return Run((events - first) / (ended - begun), cpu, peak)


def _cpu(agents: dict[str, int]) -> dict[str, float]:
    return {agent: process.cpu_seconds(pid) for agent, pid in agents.items()}


if __name__ == "__main__":
    main()
