"""A running collector that takes any write key, and a running query API, in front of an embedded broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx2

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.support.apache_kafka import free_port
from tests.support.collector_process import CollectorProcess
from tests.support.live_run import LiveRun
from tests.support.query_client import ADMIN
from tests.support.shop_history import history, write_topology
from tests.support.worker_process import eventually


@contextmanager
def served(folder: Path) -> Iterator[CollectorProcess]:
    """It has to have gone on to the end, and to stop in order."""
    topology = write_topology(folder / "topology.yaml")
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(topology, {}))})
    collector = CollectorProcess(folder, topology, broker.brokers)
    try:
        yield collector
        assert collector.health() != ""
    finally:
        code = collector.stop()
        broker.close()
    assert code == 0, collector.log.read_text()


@contextmanager
def asked(folder: Path) -> Iterator[str]:
    """URL of the query API of a worker that has taken a history in; ADMIN is its key. It has to answer at the end, and
    to stop in order."""
    topology = write_topology(folder / "topology.yaml")
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(topology, {}))})
    live = LiveRun(folder, broker.brokers, ("--embedded",), session=2_000)
    url = f"http://127.0.0.1:{free_port()}"
    place = url.removeprefix("http://")
    worker = live.worker("a", QUERY=place, QUERY_KEYS=f"{ADMIN}:admin", QUERY_RATE="100000")

    def answers() -> bool:
        try:
            return httpx2.get(f"{url}/v1/health", timeout=10).status_code == 200
        except httpx2.TransportError:
            return False

    try:
        calls = history(500, shoppers=20)
        live.send(calls)
        live.assert_decides_as(live.replayed(calls))
        eventually("it answers", answers)
        yield url
        assert answers()
        assert worker.stop() == 0
        assert "A query failed" not in worker.text()
    finally:
        live.end()
        broker.close()
