"""Workers that wait, ready, until events come: what these cost, without what a start does."""

import time
from collections.abc import Sequence
from typing import NamedTuple

from benchmarks import process
from benchmarks.cluster import Cluster, Worker

SETTLED = 8.0
"""Seconds after which a group has had its last rebalance."""


class LiveCost(NamedTuple):
    """rate: events a second, producing included. cpu: us an event, by agent, of all workers. resident: MiB of all
    processes, supervisors included, at the end."""

    rate: float
    cpu: dict[str, float]
    resident: float


def through(beside: Cluster, workers: Sequence[Worker], calls: Sequence[tuple[bytes, bytes]]) -> LiveCost:
    """Produce the calls once all workers are ready, and wait until they are decided."""
    for worker in workers:
        worker.wait("it is ready", worker.ready)
    time.sleep(SETTLED)
    before, begun = _cpu(workers), time.perf_counter()
    beside.fill(calls)
    workers[0].wait("all is decided", lambda: sum(one.events("shopper") for one in workers) >= len(calls), pause=0.2)
    seconds, after = time.perf_counter() - begun, _cpu(workers)
    pids = [pid for worker in workers for pid in (worker.process.pid, *worker.agents().values())]
    return LiveCost(
        len(calls) / seconds,
        {agent: (after[agent] - before[agent]) / len(calls) * 1e6 for agent in after},
        sum(process.resident(pid) for pid in pids) / 2**20,
    )


def _cpu(workers: Sequence[Worker]) -> dict[str, float]:
    """Seconds so far by agent."""
    spent: dict[str, float] = {}
    for worker in workers:
        for agent, pid in worker.agents().items():
            spent[agent] = spent.get(agent, 0.0) + process.cpu_seconds(pid)
    return spent
