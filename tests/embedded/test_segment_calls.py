"""Segment changes as calls, by a whole worker: the same as replay's, and a changed topology starts nothing."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.support.kafka_reader import read_committed
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

ASKED = "segment_calls: {traits: [email]}\ntopics: {segment-calls: crm.calls}\n"


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRun]:
    run = LiveRun(tmp_path, "", ("--embedded",), session=2_000)
    run.topology.write_text(run.topology.read_text() + ASKED)
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(run.topology, {}))})
    run.brokers = broker.brokers
    yield run
    run.end()
    broker.close()


def calls(live: LiveRun) -> list[dict[str, Any]]:
    return sorted((json.loads(seen.value or b"") for seen in read_committed(live.brokers, ["crm.calls"])), key=key)


def key(call: dict[str, Any]) -> str:
    return str(call["messageId"])


def test_a_worker_publishes_the_calls_that_replay_writes_and_a_change_of_the_topology_starts_nothing(
    live: LiveRun,
) -> None:
    # given a history, what replay makes of it, and a worker
    records = history(1_500)
    expected = live.replayed(records)
    written = (live.folder / "replayed" / "segment-calls.ndjson").read_text().splitlines()
    wanted = sorted(map(json.loads, written), key=key)
    assert len(wanted) > 50
    live.send(records)
    worker = live.worker("first")
    # then decisions and calls are the same, each once, under the shopper's id
    live.assert_decides_as(expected)
    assert calls(live) == wanted
    for seen in read_committed(live.brokers, ["crm.calls"]):
        call, headers = json.loads(seen.value or b""), dict(seen.headers)
        assert (seen.key or b"").decode() == call.get("userId", call.get("anonymousId"))
        assert headers["ce_id"].decode() == call["messageId"]
        assert headers["content-type"] == b"application/json"
    worker.stop()
    # when everybody comes again under a topology without one of the segments
    members = {call["userId"] for call in wanted if call["type"] == "identify" and "buyers" in call["traits"]}
    live.topology.write_text(live.topology.read_text().replace("  buyers:", "  customers:"))
    live.send(records)
    live.worker("second")
    # then its members leave it silently: a trait is set to false, and no event says so
    eventually("silent exits", lambda: any(call["context"]["afterclick"]["silent"] for call in calls(live)), 60)
    silent = [call for call in calls(live) if call["context"]["afterclick"]["silent"]]
    assert {call["type"] for call in silent} == {"identify"}
    assert {call["userId"] for call in silent if call["traits"] == {"buyers": False}} <= members
