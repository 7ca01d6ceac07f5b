"""docs/tutorial.md, followed to its end on the embedded broker."""

from pathlib import Path

import pytest

from pipeline.config.topology import parse
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.support.tutorial import assert_told, follow, saved

pytestmark = pytest.mark.embedded


def test_who_follows_it_is_told_to_write_to_kim(tmp_path: Path) -> None:
    topology = parse(saved()["topology.yaml"], {})
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(topology)})
    try:
        told = follow(tmp_path, broker.brokers, embedded=True)
        assert_told(told, tmp_path, broker.brokers)
    finally:
        broker.close()
