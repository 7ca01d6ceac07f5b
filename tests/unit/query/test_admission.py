"""Who may ask, how often, and what need not be told again."""

from pathlib import Path

import pytest

from pipeline.config.query import resolve_query
from pipeline.config.settings import SettingsError
from pipeline.query.openapi import document
from pipeline.query.operation import OPERATIONS
from pipeline.query.placement import Placement
from pipeline.runtime.ports import Checkpoint, StateWrite
from pipeline.state.rocksdb import RocksStore
from tests.support.query_client import READ, QueryClient

TARGETS = [one.path.replace("{shopper}", "shopper-2").replace("{rule}", "buyers").replace("{segment}", "buyers")
           for one in OPERATIONS if one.scope is not None]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS)
@pytest.mark.parametrize("authorization", [None, "", "Bearer", "Bearer wrong", f"Basic {READ}", f"Bearer {READ}x"])
def test_without_a_key_nothing_is_told(api: QueryClient, target: str, authorization: str | None) -> None:
    headers = {} if authorization is None else {"authorization": authorization}
    response = api.get(target, None, **headers)
    assert response.status_code == 401
    assert response.headers["www-authenticate"] == "Bearer"


def test_health_and_document_need_no_key(api: QueryClient) -> None:
    assert api.data("/v1/health", None)["status"] == "ok"
    assert api.data("/openapi.json", None) == document()
    api.placement = Placement({0: "restoring"}, frozenset(), {})
    assert api.get("/v1/health", None).status_code == 503
    api.placement = None
    assert api.get("/v1/health", None).json()["status"] == "starting"


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_changed(api: QueryClient, method: str) -> None:
    response = api.get("/v1/shoppers/shopper-2", method=method)
    assert response.status_code == 405 and response.headers["allow"] == "GET, HEAD"


def test_a_key_that_asks_too_often_waits_and_others_do_not(tmp_path: Path, api: QueryClient) -> None:
    slow = QueryClient(tmp_path / "topology.yaml", tmp_path / "data", rate=1.0)
    try:
        answers = [slow.get("/v1/topology").status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        assert slow.get("/v1/topology").headers["retry-after"] == "1"
        assert slow.get("/v1/topology", "p" * 16).status_code == 200
        slow.now = 1.0
        assert slow.get("/v1/topology").status_code == 200
    finally:
        slow.close()


def test_what_has_not_changed_is_not_told_again(api: QueryClient, tmp_path: Path) -> None:
    first = api.get("/v1/shoppers/shopper-2")
    again = api.get("/v1/shoppers/shopper-2", if_none_match=f'"other", {first.headers["etag"]}')
    assert again.status_code == 304 and again.content == b""
    assert again.headers["etag"] == first.headers["etag"]
    # time alone goes on: it is the same state, and fresher
    store = RocksStore(tmp_path / "data" / "shopper" / "state")
    partition = first.json()["freshness"]["partition"]
    state = store.open(str(partition))
    try:
        state.write(StateWrite([], 1_000, Checkpoint(next_offset=1_000, time=1_767_225_600_001)))
        api.now += 1.0
        later = api.get("/v1/shoppers/shopper-2", if_none_match=first.headers["etag"])
        assert later.status_code == 304
        assert later.headers["afterclick-partition-time"] == "2026-01-01T00:00:00.001Z"
        # the record changes
        state.write(StateWrite([(b"shopper-2", None)], 1_001, Checkpoint(next_offset=1_001, time=1_767_225_600_002)))
        assert api.get("/v1/shoppers/shopper-2").status_code == 200, "within its age an answer may be the old one"
        api.now += 1.0
        assert api.get("/v1/shoppers/shopper-2").status_code == 404
    finally:
        state.close()


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({}, "AFTERCLICK_QUERY_KEYS is empty"),
        ({"_KEYS": "k" * 16}, "entry 1 has no scope"),
        ({"_KEYS": f"{'k' * 16}:write"}, "entry 1 has no scope"),
        ({"_KEYS": "short:read"}, "fewer than 16 characters"),
        ({"_KEYS": f"{'k' * 16}:read", "_RATE": "0"}, "AFTERCLICK_QUERY_RATE is '0'"),
        ({"_KEYS": f"{'k' * 16}:read", "_AGE": "soon"}, "AFTERCLICK_QUERY_AGE is 'soon'"),
        ({"_KEYS": f"{'k' * 16}:read", "": "8081"}, "AFTERCLICK_QUERY is '8081'"),
    ],
)
def test_settings_that_are_wrong_are_told_without_the_key(settings: dict[str, str], said: str) -> None:
    environment = {"AFTERCLICK_QUERY": "127.0.0.1:0"} | {
        f"AFTERCLICK_QUERY{name}": value for name, value in settings.items()
    }
    with pytest.raises(SettingsError, match=said) as raised:
        resolve_query(environment)
    assert "kkkk" not in str(raised.value) and "short" not in str(raised.value)


def test_it_is_off_unless_it_is_set() -> None:
    assert resolve_query({}) is None
    assert resolve_query({"AFTERCLICK_QUERY": "127.0.0.1:1"}, "off") is None
    found = resolve_query({"AFTERCLICK_QUERY_KEYS": f"a:{'b' * 20}:admin"}, "[::1]:81")
    assert found is not None and (found.listen, found.keys) == (("::1", 81), {f"a:{'b' * 20}": "admin"})
    assert "bbbb" not in repr(found)
