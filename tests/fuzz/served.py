"""A running collector that takes any write key, in front of an embedded broker."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.support.collector_process import CollectorProcess
from tests.support.shop_history import write_topology


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
