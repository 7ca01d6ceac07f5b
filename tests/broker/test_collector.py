"""The collector in front of a real Kafka: what it acknowledged is on the log, whatever happened to it."""

import contextlib
import json
from pathlib import Path
from threading import Thread

import httpx2
import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from tests.chaos.front_door import FrontDoor
from tests.support.apache_kafka import free_port, require_java
from tests.support.captured_request import CAPTURES, captured, clients
from tests.support.collector_process import CollectorProcess
from tests.support.kafka_reader import read_committed
from tests.support.live_run import LiveRun
from tests.support.shop_history import write_topology
from tests.support.worker_process import afterclick, eventually

pytestmark = pytest.mark.broker


class Shopper(Thread):
    """Sends one call after the other until the collector is gone; `acknowledged`: the message ids answered 200."""

    def __init__(self, url: str, name: str, calls: int) -> None:
        super().__init__()
        self._url = url
        self._name = name
        self._calls = calls
        self.acknowledged: list[str] = []
        self.start()

    def run(self) -> None:
        with contextlib.suppress(httpx2.TransportError), httpx2.Client(timeout=30) as http:
            for number in range(self._calls):
                call = {"userId": self._name, "event": "Product Viewed", "messageId": f"{self._name}-{number}"}
                if http.post(f"{self._url}/v1/track", json=call).status_code == 200:
                    self.acknowledged.append(call["messageId"])


def on_log(live: LiveRun, shopper: str) -> list[str]:
    """Message ids in their order; of repeated ones the first."""
    values = [json.loads(record.value or b"") for record in read_committed(live.brokers, ["clickstream"])]
    return list(dict.fromkeys(one["messageId"] for one in values if one["userId"] == shopper))


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")
def test_what_real_clients_send_comes_through_to_intake(live: LiveRun, tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path, live.topology, live.brokers)
    with httpx2.Client(base_url=collector.url) as http:
        for one in (one for client in clients() for one in captured(client)):
            assert http.request(one.method, one.target, content=one.body, headers=one.headers).status_code == 200
    assert collector.stop() == 0, collector.log.read_text()
    records = read_committed(live.brokers, ["clickstream"])
    intake = Intake(Plan("shop", "digest"))
    taken = [found for record in records for found in intake.accept(record.value, 1_796_000_000_000)]
    assert len(taken) == len(records) > 50
    assert not any(record.headers for record in records), "nothing of a request gets into Kafka's headers"
    assert not [one for one in taken if isinstance(one, Refusal)]


def test_nothing_acknowledged_is_lost_when_the_collector_is_killed(live: LiveRun, tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path, live.topology, live.brokers)
    shoppers = [Shopper(collector.url, f"u-{number}", 100_000) for number in range(4)]
    eventually("calls are acknowledged", lambda: all(len(one.acknowledged) > 30 for one in shoppers))
    collector.kill()
    for number, one in enumerate(shoppers):
        one.join()
        assert on_log(live, f"u-{number}")[: len(one.acknowledged)] == one.acknowledged


def test_an_outage_of_the_broker_is_bridged_on_disk_in_order_and_over_kills(live: LiveRun, tmp_path: Path) -> None:
    collector = CollectorProcess(tmp_path, live.topology, f"127.0.0.1:{free_port()}")
    shoppers = [Shopper(collector.url, f"u-{number}", 100_000) for number in range(4)]
    eventually("calls are acknowledged", lambda: all(len(one.acknowledged) > 30 for one in shoppers))
    collector.kill()
    for one in shoppers:
        one.join()
    again = CollectorProcess(tmp_path, live.topology, live.brokers)
    later = Shopper(again.url, "u-0-later", 5)
    later.join()
    eventually("the spool is on the log", lambda: "All of the spool is on the log" in again.log.read_text())
    assert again.stop() == 0
    for number, one in enumerate(shoppers):
        assert on_log(live, f"u-{number}")[: len(one.acknowledged)] == one.acknowledged
    assert on_log(live, "u-0-later") == later.acknowledged != []


@pytest.mark.timeout(900)
def test_what_was_acknowledged_is_decided_once_whoever_is_killed(tmp_path: Path) -> None:
    require_java()
    door = FrontDoor(tmp_path, 1)
    try:
        outcome = door.run(6)
    finally:
        door.close()
    assert outcome.differences == [] and outcome.acknowledged > 100
    assert min(outcome.kills[what] for what in ("collector", "broker", "worker")) >= 2


def test_without_its_topic_it_does_not_start_and_says_what_to_do(live: LiveRun, tmp_path: Path) -> None:
    topology = write_topology(tmp_path / "other.yaml", name="elsewhere")
    topology.write_text(topology.read_text() + "topics: {clickstream: none.such}\n")
    place = ["--data-dir", tmp_path / "data", "--http", "off", "--listen", f"127.0.0.1:{free_port()}"]
    tried = afterclick("collector", "--topology", topology, "--brokers", live.brokers, *place, COLLECTOR_WRITE_KEYS="*")
    assert tried.returncode == 1
    assert "The brokers have no topic none.such; `afterclick topics` makes it." in " ".join(tried.stderr.split())
