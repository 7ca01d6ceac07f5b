"""A shop's stores, and the query API in front of them."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.config.topology import load
from tests.support.query_client import QueryClient
from tests.support.shop_history import START, contacts, history, write_topology
from tests.support.shop_state import records_of, write_stores

HOSTILE = "a/b?c=d&e#<script>é %2F"


@pytest.fixture(scope="session")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    topology = load(write_topology(tmp_path_factory.mktemp("shop") / "topology.yaml"), {})
    viewed = {"type": "track", "event": "Product Viewed", "userId": HOSTILE, "messageId": "h", "properties": {}}
    hostile = json.dumps(viewed | {"timestamp": "2026-01-01T00:00:01Z", "receivedAt": "2026-01-01T00:00:01Z"})
    calls = [*contacts(60), ("", hostile.encode()), *history(1_500, shoppers=60)]
    assert START
    return records_of(topology.plan(), [value for _, value in calls])


@pytest.fixture
def api(tmp_path: Path, records: dict[bytes, bytes]) -> Iterator[QueryClient]:
    write_stores(tmp_path / "data", records, 4)
    client = QueryClient(write_topology(tmp_path / "topology.yaml"), tmp_path / "data")
    yield client
    client.close()
