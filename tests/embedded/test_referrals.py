"""Referrals by whole workers: who refers is in another partition than the friend, and both are paid as in a replay."""

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
    confirm_after: 14d
    earn:
      - {on: Referral Completed, points: 500, also: referrer_id}
      - {on: Order Completed, points: 1, per: 1.00}
"""
DAY = 86_400_000
FRIENDS = 20


@pytest.fixture
def live(tmp_path: Path) -> Iterator[LiveRun]:
    run = LiveRun(tmp_path, "", ("--embedded",), session=2_000)
    plain = "    earn: [{on: Order Completed, points: 1, per: 1.00}]\n"
    run.topology.write_text(run.topology.read_text().replace(plain, RULES))
    broker = EmbeddedBroker({plan.name: plan.partitions for plan in plans_of(load(run.topology, {}))})
    run.brokers = broker.brokers
    yield run
    run.end()
    broker.close()


def record(who: str, name: str, at: int, **properties: Any) -> tuple[bytes, bytes]:
    body = {"type": "track", "event": name, "userId": who, "messageId": f"{who} {name}", "properties": properties}
    # One server sends them all, so that they are read in the order in which they were received.
    return b"shop", json.dumps({**body, "timestamp": rfc3339(at), "receivedAt": rfc3339(at)}).encode()


def test_both_sides_are_paid_at_one_instant_whatever_partitions_they_are_in(live: LiveRun) -> None:
    # given friends who were referred and buy, and then two weeks in which nothing happens
    friends = [f"friend-{number}" for number in range(FRIENDS)]
    buying = [
        one
        for number, friend in enumerate(friends)
        for one in (
            record(friend, "Referral Completed", START + number * 1_000, referrer_id=f"kim-{number % 7}"),
            record(friend, "Order Completed", START + number * 1_000 + 500, order_id=friend, total=20),
        )
    ]
    later = [record(who, "Searched", START + 15 * DAY) for who in (*friends, *(f"kim-{number}" for number in range(7)))]
    first, expected = live.replayed(buying), live.replayed(buying + later)
    # when the later events come once all that was said of the others is known
    worker = live.worker("first")
    live.send(buying)
    live.assert_decides_as(first)
    live.send(later)
    # then each side has a line at the end of the hold, as in a replay
    live.assert_decides_as(expected)
    bonuses = [one for one in expected if one.get("entry") == "bonus"]
    assert len(bonuses) == 2 * FRIENDS
    assert {one["cause"]["kind"] for one in bonuses} == {"timer"}
    assert {one["effective_at"] for one in bonuses} == {
        rfc3339(START + number * 1_000 + 500 + 14 * DAY) for number in range(FRIENDS)
    }
    eventually("the worker has read all that shoppers wrote each other", lambda: live.dead_letters() == 0)
    worker.stop()
