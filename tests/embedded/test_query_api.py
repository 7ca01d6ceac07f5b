"""The query API of whole workers: what it tells is what a replay and the log say, and each sends on to the other."""

import json
import os
import signal
import time
from pathlib import Path
from typing import Any

import httpx2
import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.apache_kafka import free_port
from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.query_client import ADMIN, READ, conforms
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, eventually

pytestmark = pytest.mark.embedded

KEYS = f"{READ}:read,{ADMIN}:admin"


class Asked:
    """A worker whose query API can be asked, as a client does that keeps its key when it is sent on."""

    def __init__(self, live: LiveRun, name: str) -> None:
        self.url = f"http://127.0.0.1:{free_port()}"
        settings = {"QUERY": self.url.removeprefix("http://"), "QUERY_KEYS": KEYS, "QUERY_ADVERTISED": self.url}
        self.worker: WorkerProcess = live.worker(name, QUERY_RATE="1000", **settings)

    def once(self, target: str, key: str = READ) -> httpx2.Response:
        headers = {"authorization": f"Bearer {key}"}
        response = httpx2.get(target if "://" in target else self.url + target, headers=headers, timeout=10)
        conforms("/" + str(response.url).split("/", 3)[3], response)
        return response

    def ask(self, target: str, key: str = READ) -> httpx2.Response:
        response = self.once(target, key)
        return self.once(response.headers["location"], key) if response.status_code == 307 else response

    def here(self) -> int:
        """How many partitions it has and says that all of them are open; -1: it does not, or there is no answer."""
        try:
            health = httpx2.get(f"{self.url}/v1/health", timeout=10)
        except httpx2.TransportError:
            return -1
        return int(health.json()["partitions"]["here"]) if health.status_code == 200 else -1

    def child(self) -> int:
        """The process of the query API."""
        (found,) = [one for one in self.worker.agents() if b"--query-of" in _command_line(one)]
        return found


def _command_line(process: int) -> bytes:
    return Path(f"/proc/{process}/cmdline").read_bytes()


def members(api: Asked) -> set[str]:
    found, cursor = set[str](), "0."
    while cursor is not None:
        page = api.ask(f"/v1/segments/buyers/members?limit=7&cursor={cursor}")
        assert page.status_code == 200, page.text
        found |= {one["shopper"] for one in page.json()["members"]}
        cursor = page.json()["next_cursor"]
    return found


def members_by_log(told: list[dict[str, Any]]) -> set[str]:
    changes = [one for one in told if one["topic"] == "segment-changes" and one["segment"] == "buyers"]
    latest = {one["shopper"]: one["change"] for one in sorted(changes, key=lambda one: one["sequence"])}
    return {shopper for shopper, change in latest.items() if change == "entered"}


def test_two_workers_tell_what_the_log_says_and_send_on_to_each_other(live: LiveRun) -> None:
    # given a history that two workers took in, each its part
    calls = history(1_000, shoppers=40)
    expected = live.replayed(calls)
    live.send(calls)
    apis = [Asked(live, "a"), Asked(live, "b")]
    live.assert_decides_as(expected)
    eventually("both have partitions", lambda: sorted(one.here() for one in apis) == [2, 2])
    told = decisions(live.brokers)
    buyers = members_by_log(told)
    # when either is asked for every shopper, both know them, one of them by the other
    sent_on = 0
    for api in apis:
        eventually("members are those of the log", lambda api=api: members(api) == buyers)
        for number in range(40):
            first = api.once(f"/v1/shoppers/shopper-{number}")
            sent_on += first.status_code == 307
            answer = api.ask(f"/v1/shoppers/shopper-{number}").json()
            assert answer["segments"].get("buyers", {"member": False})["member"] == (f"shopper-{number}" in buyers)
        assert api.ask("/v1/shoppers/nobody").status_code == 404
    assert sent_on == 40
    # then an explanation is that of the command, and a ledger's
    shopper = sorted(buyers)[0]
    owner = next(one for one in apis if one.once(f"/v1/shoppers/{shopper}").status_code == 200)
    explained = owner.once(f"/v1/shoppers/{shopper}/explain/buyers").json()
    place = ["--topology", str(live.topology), "--data-dir", str(owner.worker.data), "--json"]
    command = CliRunner().invoke(app, ["explain", shopper, "buyers", *place])
    assert command.exit_code == 0, command.output
    explained.pop("freshness")
    assert explained == json.loads(command.output)
    entries = [one for one in told if one["topic"] == "loyalty-points" and one["shopper"] == shopper]
    club = apis[0].once(f"/v1/shoppers/{shopper}/ledger").json()["programmes"]["club"]
    assert (club["entries_kept"], club["faults"]) == (len(entries), [])
    # and the latest decisions are on the log, whichever worker is asked
    for api in apis:
        latest = api.once("/v1/decisions?limit=500").json()["decisions"]
        assert len(latest) == min(500, len(told))
        ids = {one["id"] for one in told}
        assert {one["decision"]["id"] for one in latest} <= ids
    assert [one.worker.stop() for one in apis] == [0, 0]


def test_it_follows_what_is_decided_and_decisions_go_on_without_it(live: LiveRun) -> None:
    # given a worker that is asked while it works
    calls = history(1_200, shoppers=40)
    expected = live.replayed(calls)
    api = Asked(live, "a")
    eventually("it has its partitions", lambda: api.here() == 4)
    live.send(calls[:600])
    eventually("the first half is there", lambda: bool(members(api)))
    # when its process dies, and is looked for
    os.kill(api.child(), signal.SIGKILL)
    live.send(calls[600:])
    live.assert_decides_as(expected)
    # then the agents never noticed, and it comes back and knows all
    eventually("it answers again", lambda: api.here() == 4)
    buyers = members_by_log(decisions(live.brokers))
    eventually("members are those of the log", lambda: members(api) == buyers)
    assert "The query API ended (killed by signal 9); starting it again." in api.worker.text()
    standing = api.once("/v1/partitions", ADMIN).json()
    assert [one["stage"] for one in standing["here"]] == ["processing"] * 4
    assert api.worker.stop() == 0


def test_an_address_that_is_taken_ends_the_worker_with_a_sentence(live: LiveRun) -> None:
    api = Asked(live, "a")
    eventually("it answers", lambda: api.here() == 4)
    other = live.worker("b", QUERY=api.url.removeprefix("http://"), QUERY_KEYS=KEYS)
    began = time.monotonic()
    assert other.process.wait(60) == 2
    assert time.monotonic() - began < 60
    assert "can't be listened on" in other.text() and "AFTERCLICK_QUERY" in other.text()
