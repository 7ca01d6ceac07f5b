"""Health, readiness and metrics over real sockets."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from threading import Event, Thread
from typing import Any
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from pipeline.observability.endpoint import Answer, Endpoint, EndpointError, get
from pipeline.observability.gather import gathered_routes
from pipeline.observability.health import agent_routes, resident_bytes
from pipeline.observability.metrics import Metrics
from pipeline.observability.stuck import Beat


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Agent:
    """One agent's process, as far as its endpoint can see."""

    def __init__(self, name: str) -> None:
        self.clock = Clock()
        self.waiting: list[str] = []
        self.metrics = Metrics(name)
        self.routes = agent_routes(self.metrics, Beat(self.clock), lambda: self.waiting)


@pytest.fixture
def agent() -> Agent:
    return Agent("shopper")


@pytest.fixture
def url(agent: Agent) -> Iterator[str]:
    endpoint = Endpoint(("127.0.0.1", 0), agent.routes)
    yield f"http://127.0.0.1:{endpoint.port}"
    endpoint.close()


def fetch(url: str) -> tuple[int, Any]:
    try:
        with urlopen(url, timeout=5) as response:
            return response.status, response.read()
    except HTTPError as error:
        return error.code, error.read()


def fetch_json(url: str) -> tuple[int, Any]:
    status, body = fetch(url)
    return status, json.loads(body)


def test_an_agent_whose_loop_turns_is_alive(url: str) -> None:
    assert fetch_json(url + "/healthz") == (
        200,
        {"alive": True, "agents": {"shopper": {"alive": True, "loop_age_seconds": 0.0}}},
    )


def test_an_agent_whose_loop_stands_still_is_not(agent: Agent, url: str) -> None:
    agent.clock.now = 61.0
    status, body = fetch_json(url + "/healthz")
    assert (status, body["alive"]) == (503, False)


def test_readiness_says_what_it_waits_for(agent: Agent, url: str) -> None:
    agent.waiting = ["partition 3 is restoring"]
    status, body = fetch_json(url + "/readyz")
    assert status == 503
    assert body == {
        "ready": False,
        "agents": {"shopper": {"ready": False, "waiting_for": ["partition 3 is restoring"]}},
    }
    agent.waiting = []
    assert fetch_json(url + "/readyz")[0] == 200


def test_metrics_are_served(agent: Agent, url: str) -> None:
    agent.metrics.add("events_total", 4)
    agent.clock.now = 2.0
    status, body = fetch(url + "/metrics")
    assert status == 200
    assert b'afterclick_events_total{agent="shopper"} 4.0' in body
    assert b'afterclick_ready{agent="shopper"} 1.0' in body
    assert b'afterclick_loop_age_seconds{agent="shopper"} 2.0' in body


def test_other_paths_say_what_there_is(url: str) -> None:
    status, body = fetch(url + "/")
    assert (status, body) == (404, b"There is: /healthz /metrics /readyz\n")


def test_an_answer_that_fails_tells_nothing_of_why() -> None:
    def fail() -> Answer:
        raise ValueError("shopper-17")

    endpoint = Endpoint(("127.0.0.1", 0), {"/x": fail})
    status, body = fetch(f"http://127.0.0.1:{endpoint.port}/x")
    endpoint.close()
    assert (status, body) == (500, b"internal error\n")


def test_a_port_in_use_is_one_sentence_that_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(EndpointError) as told:
            Endpoint(("127.0.0.1", port), {})
    assert str(told.value) == (
        f"Health and metrics can't listen on 127.0.0.1:{port} (Address already in use): "
        "set AFTERCLICK_HTTP to another host:port, or to off."
    )


def test_a_name_that_no_host_has_is_told_too() -> None:
    with pytest.raises(EndpointError, match="AFTERCLICK_HTTP"):
        Endpoint(("no-such-host.invalid", 0), {})


def test_a_silent_client_holds_nobody_up(url: str) -> None:
    port = int(url.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port)):
        assert fetch(url + "/healthz")[0] == 200


def test_the_port_is_free_after_closing() -> None:
    endpoint = Endpoint(("127.0.0.1", 0), {})
    port = endpoint.port
    endpoint.close()
    Endpoint(("127.0.0.1", port), {}).close()


@pytest.fixture
def folder() -> Iterator[Path]:
    # Not tmp_path: a unix socket's path may have 107 bytes only.
    with TemporaryDirectory(prefix="ac") as name:
        yield Path(name)


def test_the_supervisor_answers_for_both_agents(folder: Path) -> None:
    agents = {name: Agent(name) for name in ("intake", "shopper")}
    sockets = {name: folder / f"{name}.sock" for name in agents}
    endpoints = [Endpoint(sockets[name], agent.routes) for name, agent in agents.items()]
    supervisor = Endpoint(("127.0.0.1", 0), gathered_routes(sockets))
    url = f"http://127.0.0.1:{supervisor.port}"
    agents["intake"].metrics.add("events_total", 9)

    assert fetch_json(url + "/readyz") == (
        200,
        {
            "ready": True,
            "agents": {name: {"ready": True, "waiting_for": []} for name in ("intake", "shopper")},
        },
    )
    assert fetch_json(url + "/healthz")[0] == 200
    metrics = fetch(url + "/metrics")[1].decode()
    assert 'afterclick_events_total{agent="intake"} 9.0' in metrics
    assert 'afterclick_ready{agent="shopper"} 1.0' in metrics

    agents["shopper"].waiting = ["no partitions assigned yet"]
    status, body = fetch_json(url + "/readyz")
    assert status == 503
    assert body["agents"]["shopper"]["waiting_for"] == ["no partitions assigned yet"]
    assert body["agents"]["intake"]["ready"]

    for endpoint in (supervisor, *endpoints):
        endpoint.close()
    assert not list(folder.iterdir())


def test_an_agent_that_does_not_answer_is_neither_alive_nor_ready(folder: Path) -> None:
    agent = Agent("intake")
    sockets = {"intake": folder / "intake.sock", "shopper": folder / "shopper.sock"}
    endpoint = Endpoint(sockets["intake"], agent.routes)
    routes = gathered_routes(sockets)

    alive, ready, metrics = (routes[path]() for path in ("/healthz", "/readyz", "/metrics"))
    assert (alive.status, ready.status, metrics.status) == (503, 503, 200)
    assert json.loads(ready.body)["agents"]["shopper"] == {
        "ready": False,
        "waiting_for": ["its process does not answer"],
    }
    assert b'afterclick_ready{agent="intake"}' in metrics.body
    endpoint.close()


def test_a_socket_left_behind_by_a_killed_process_is_replaced(folder: Path) -> None:
    path = folder / "a.sock"
    with socket.socket(socket.AF_UNIX) as left:
        left.bind(str(path))
    endpoint = Endpoint(path, {"/x": lambda: Answer(200, "text/plain", b"here")})
    assert get(path, "/x", 5).body == b"here"
    endpoint.close()


def test_many_may_ask_at_once(url: str) -> None:
    start, statuses = Event(), []

    def ask() -> None:
        start.wait()
        statuses.append(fetch(url + "/metrics")[0])

    threads = [Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    start.set()
    for thread in threads:
        thread.join()
    assert statuses == [200] * 8


def test_resident_memory_is_that_of_a_python_process() -> None:
    assert 5_000_000 < resident_bytes() < 5_000_000_000
