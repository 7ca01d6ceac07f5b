"""The console over HTTP: who may look, what a browser may do with it, and what it says of shoppers it can't show."""

import json
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from starlette.testclient import TestClient
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.console.application import Console
from pipeline.console.live_state import LiveState
from pipeline.console.shopper_page import ShopperPage
from tests.support.console_records import HOSTILE, Nobody, change, served, topology_in

KEY = "a-key-of-the-console"


def client(folder: Path, key: str = "", base: str = "http://localhost") -> TestClient:
    topology = topology_in(folder)
    console = Console(LiveState(topology), ShopperPage(topology, Nobody()))
    return TestClient(console.application(key), base_url=base)


@pytest.fixture
def url(tmp_path: Path) -> Iterator[str]:
    topology = topology_in(tmp_path)
    state = LiveState(topology)
    state.see(change(HOSTILE))
    with served(topology, state) as address:
        yield address


@pytest.mark.parametrize("path", ["/", "/console.js", "/console.css", "/element.js", "/live.js", "/shopper.js"])
def test_pages_are_served_by_us_and_run_nothing_of_others(tmp_path: Path, path: str) -> None:
    answer = client(tmp_path).get(path)

    assert answer.status_code == 200
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert "frame-ancestors 'none'" in policy
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize("path", ["/nothing", "/../pyproject.toml", "/api/", "/site/index.html"])
def test_a_path_outside_is_not_found(tmp_path: Path, path: str) -> None:
    assert client(tmp_path).get(path).status_code == 404


@pytest.mark.parametrize("path", ["/", "/api/live", "/api/shopper?id=kim", "/nothing"])
def test_with_a_key_nothing_is_told_without_it(tmp_path: Path, path: str) -> None:
    guarded = client(tmp_path, KEY, "http://console.example")

    for auth in (None, ("kim", "wrong"), ("kim", "")):
        assert guarded.get(path, auth=auth).status_code == 401
    assert guarded.get(path, headers={"authorization": "Basic %%%"}).status_code == 401
    assert guarded.get("/", auth=("anybody", KEY)).status_code == 200


def test_without_a_key_only_names_of_this_machine_are_answered_to(tmp_path: Path) -> None:
    assert client(tmp_path, base="http://evil.example").get("/api/live").status_code == 421
    assert client(tmp_path, base="http://127.0.0.1:8070").get("/").status_code == 200


def test_a_shopper_that_is_not_known_is_a_sentence(tmp_path: Path) -> None:
    asked = client(tmp_path)

    unknown = asked.get("/api/shopper", params={"id": HOSTILE})

    assert (unknown.status_code, unknown.headers["content-type"]) == (404, "application/json")
    assert unknown.json() == {"message": f"{HOSTILE} is not known"}
    assert asked.get("/api/shopper").status_code == 400
    assert asked.get("/api/shopper", params={"id": "x" * 5_000}).status_code == 400


def test_nothing_can_be_changed(tmp_path: Path) -> None:
    assert client(tmp_path).post("/api/shopper?id=kim").status_code == 405


def test_frames_come_as_events_each_on_a_line(url: str) -> None:
    with httpx2.stream("GET", f"{url}/api/live", timeout=10) as stream:
        assert stream.headers["content-type"].startswith("text/event-stream")
        told = [line for line, _ in zip((one for one in stream.iter_lines() if one), range(2), strict=False)]

    first, second = (json.loads(line.removeprefix("data: ")) for line in told)
    assert first["latest"][0]["shopper"] == HOSTILE
    assert second["latest"] == []


@pytest.mark.parametrize(
    ("arguments", "environment", "said"),
    [
        (["--listen", "0.0.0.0:8070"], {}, "can be reached from elsewhere: set AFTERCLICK_CONSOLE_KEY"),
        (["--listen", "0.0.0.0:8070"], {"AFTERCLICK_CONSOLE_KEY": "short"}, "fewer than 16 characters"),
        (["--listen", "here"], {}, "write host:port as 127.0.0.1:8070"),
    ],
)
def test_wrong_settings_are_told_before_anything_starts(
    tmp_path: Path, arguments: list[str], environment: dict[str, str], said: str
) -> None:
    topology_in(tmp_path)
    place = ["--topology", str(tmp_path / "topology.yaml"), "--brokers", "127.0.0.1:1"]

    result = CliRunner().invoke(app, ["console", *place, *arguments], env=environment)

    assert result.exit_code == 2
    assert said in result.stderr
