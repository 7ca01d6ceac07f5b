"""Collector, embedded broker and worker for the SDKs, and the SDKs themselves, as shops install them."""

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.clients.shop import Shop
from tests.support.fetched import fetched
from tests.support.locked_environment import node_modules, python_environment

HERE = Path(__file__).parent
ENVIRONMENTS = HERE.parents[1] / ".venv-clients"

TOPOLOGY = """\
version: 1
name: shop
kafka: {partitions: 4, replication: 1}
time: {received: producer}
segments:
  lookers: {when: {count: {of: Product Viewed, at_least: 1}}}
  buyers: {when: {orders: {at_least: 1}}}
abandonment:
  cart: {stages: [1s], cool_down: 0s}
"""


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """One for all SDKs of a file: each shops as somebody else."""
    folder = tmp_path_factory.mktemp("shop")
    topology = folder / "topology.yaml"
    topology.write_text(TOPOLOGY)
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(topology, {}))})
    shop = Shop(folder, topology, broker.brokers)
    yield shop
    shop.end()
    broker.close()


@pytest.fixture(scope="session")
def python_with_sdks() -> Path:
    """An interpreter."""
    return fetched(lambda: python_environment(ENVIRONMENTS / "python", HERE / "requirements.lock"))


@pytest.fixture(scope="session")
def npm_packages() -> Path:
    return fetched(lambda: node_modules(ENVIRONMENTS / "node", HERE / "package-lock.json"))


@pytest.fixture(scope="session")
def chromium() -> str:
    """Its path."""
    found = next(
        (path for name in ("chromium", "chromium-browser", "google-chrome") if (path := shutil.which(name))), ""
    )
    if not found:
        pytest.skip("no Chromium on this machine (Debian's package chromium)")
    return found
