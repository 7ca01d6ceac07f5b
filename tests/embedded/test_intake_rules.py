"""What a topology takes, by whole workers: hot keys, bots and a sample are what they are in a replay, though another
worker goes on with what the first one has counted."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.topology import load
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.topics import plans_of
from tests.oracle.values import rfc3339
from tests.support.live_run import LiveRun
from tests.support.shop_history import START
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

RULES = """\
intake:
  enrich: [device]
  bots: drop
  hot_keys: {at_most: 3, per: 1s, over: drop}
  sample: {percent: 50, salt: q1}
segments:
  mobile: {when: {count: {of: "*", where: {context.device.class: phone}, at_least: 1}}}
"""
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"
PHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) Mobile/15E148"
SHOPPERS = 24


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRun]:
    run = LiveRun(tmp_path, "", ("--embedded",), session=2_000)
    run.topology.write_text(run.topology.read_text().replace("segments:\n", RULES))
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(run.topology, {}))})
    run.brokers = broker.brokers
    yield run
    run.end()
    broker.close()


def record(number: int, at: int, agent: str) -> tuple[bytes, bytes]:
    call: dict[str, Any] = {
        "type": "track",
        "event": "Order Completed",
        "userId": f"kim-{number % SHOPPERS}",
        "messageId": f"m-{number}",
        "properties": {"order_id": f"o-{number}", "total": 10},
        "context": {"userAgent": agent},
    }
    # One server sends them all, so that they are read in the order in which they were received.
    return b"shop", json.dumps({**call, "timestamp": rfc3339(at), "receivedAt": rfc3339(at)}).encode()


def test_live_workers_leave_out_what_a_replay_does(live: LiveRun) -> None:
    # given shoppers who order five times in a second, then once, every fourth of them a bot
    burst = [record(number, START + number, BOT if number % 4 == 3 else PHONE) for number in range(5 * SHOPPERS)]
    later = [record(1_000 * SHOPPERS + number, START + 60_000 + number, PHONE) for number in range(SHOPPERS)]
    expected = live.replayed(burst + later)
    # when a worker reads them, and another one goes on after it
    worker = live.worker("first")
    live.send(burst)
    eventually("the burst is decided about", lambda: sum(live.group_offsets("shopper").values()) > 0)
    worker.stop()
    live.worker("second")
    live.send(later)
    # then both decide the same
    live.assert_decides_as(expected)
    earned = [one for one in expected if one.get("entry") == "confirmed"]
    shoppers = {one["shopper"] for one in earned}
    assert 4 <= len(shoppers) <= SHOPPERS - 4
    by_shopper = {who: sum(one["shopper"] == who for one in earned) for who in shoppers}
    assert set(by_shopper.values()) == {1, 4}, "three of a burst and one later, or that one alone"
    assert live.dead_letters() == 0
