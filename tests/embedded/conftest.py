"""The embedded broker, with a shop's topics, for each test."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.support.live_run import LiveRun
from tests.support.shop_history import write_topology


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRun]:
    topology = load(write_topology(tmp_path / "topology.yaml"), {})
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(topology)})
    run = LiveRun(tmp_path, broker.brokers, ("--embedded",), session=2_000)
    yield run
    run.end()
    broker.close()
