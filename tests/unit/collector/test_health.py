"""`/health` says what is, and the document of the paths says what there is."""

import json
import time
from pathlib import Path

from pipeline.collector.format import FORMATS, SETTINGS
from tests.support.collector_client import CollectorClient


def health(client: CollectorClient) -> tuple[int, str]:
    response = client.request("GET", "/health")
    return response.status_code, response.json()["status"]


def post(client: CollectorClient, size: int = 10) -> int:
    body = json.dumps({"userId": "u-1", "event": "A", "properties": {"a": "x" * size}, "writeKey": "wk_test"})
    return client.request("POST", "/v1/track", body.encode()).status_code


def test_brokers_that_answer_are_ok(tmp_path: Path) -> None:
    assert health(CollectorClient(tmp_path)) == (200, "ok")


def test_brokers_that_are_away_are_told_before_anything_was_sent(tmp_path: Path) -> None:
    assert health(CollectorClient(tmp_path, away=True)) == (200, "spooling")


def test_a_spool_that_takes_no_more_is_503_until_it_does(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path, away=True, SPOOL_MIB="1")
    assert post(client) == 200 and health(client) == (200, "spooling")
    while post(client, 30_000) == 200:
        pass
    assert health(client) == (503, "full")
    assert post(client) == 200 and health(client) == (200, "spooling"), "there was room for a small one"


def test_a_full_spool_is_healthy_again_as_soon_as_it_gets_shorter(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path, away=True, SPOOL_MIB="1")
    while post(client, 30_000) == 200:
        pass
    assert health(client) == (503, "full")
    client.log.away = False
    client.delivery.start()
    deadline = time.monotonic() + 10
    while health(client) != (200, "ok") and time.monotonic() < deadline:
        time.sleep(0.05)
    assert health(client) == (200, "ok")
    client.delivery.stop()


def test_the_document_names_every_path_and_nothing_else_is_taken(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    described = client.request("GET", "/openapi.json").json()["paths"]
    assert set(described) == {path for _, path in FORMATS} | {*SETTINGS, "/array/{key}/config", "/health"}
    for method, path in FORMATS:
        assert method.lower() in described[path]
    for method, path in [("HEAD", "/i?e=pv&aid=shop"), ("GET", "/v1/track"), ("PUT", "/v1/track"), ("POST", "/i")]:
        assert client.request(method, path, b"{}" if method == "PUT" else b"").status_code == 405
    assert client.request("POST", "/health").status_code == client.request("HEAD", "/flags/").status_code == 405
    assert client.request("GET", "/").status_code == client.request("POST", "/v1/none").status_code == 404
    assert client.log.records == []
