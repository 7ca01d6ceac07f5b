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
def messaging() -> str:
    """The block of that name; a class of tests may have one."""
    return ""


@pytest.fixture
def live(tmp_path: Path, messaging: str) -> Iterator[LiveRun]:
    topology = load(write_topology(tmp_path / "topology.yaml", messaging=messaging), {})
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(topology)})
    run = LiveRun(tmp_path, broker.brokers, ("--embedded",), session=2_000, messaging=messaging)
    yield run
    run.end()
    broker.close()
