"""Referrals through the whole engine: partitions change nothing, nor do copies."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.replay.run import Replay
from tests.oracle.engine_run import Calls, topology_text
from tests.oracle.values import rfc3339

TOPOLOGY: dict[str, Any] = {
    "loyalty": {
        "club": {
            "earn": [
                {"on": "Order Completed", "points": 1, "per": 1},
                {"on": "Referral Completed", "points": 500, "also": "referrer_id", "limit": {"times": 5}},
            ],
            "tiers": {"metric": "points_earned", "levels": [{"name": "bronze", "from": 0}]},
        }
    }
}
START = 1_767_571_200_000


def referral(number: int, friend: str, referrer: str, minute: int) -> dict[str, Any]:
    return {
        "type": "track", "event": "Referral Completed", "userId": friend, "messageId": f"m-{number}",
        "properties": {"referrer_id": referrer}, "receivedAt": rfc3339(START + minute * 60_000),
    }  # fmt: skip


def test_partitions_change_no_byte(tmp_path: Path) -> None:
    calls = [referral(n, f"f-{n}", f"r-{n % 3}", n // 2) for n in range(40)]
    calls += [{**referral(0, "f-0", "r-0", 30)}]
    plan = parse(topology_text(TOPOLOGY), {}).plan()
    for number in (1, 2, 7):
        Replay(plan, tmp_path / str(number), partitions=number, profiles=True).run([Calls(calls)])
    for file in (tmp_path / "1").iterdir():
        assert (
            file.read_bytes() == (tmp_path / "2" / file.name).read_bytes() == (tmp_path / "7" / file.name).read_bytes()
        )
    assert (tmp_path / "1" / "loyalty-points.ndjson").read_text().count('"bonus"') == 15
    assert (tmp_path / "1" / "dead-letters.ndjson").read_text() == ""


@pytest.mark.parametrize("delay", [0, 20 * 86_400_000])
def test_a_copy_is_neither_behaviour_nor_a_dead_letter(delay: int) -> None:
    plan = parse(topology_text(TOPOLOGY), {}).plan()
    engine, shopper = Engine(plan), Shopper()
    body = json.dumps({**referral(1, "lee", "kim", 0), "timestamp": rfc3339(START)}).encode()
    _, copy = Intake(plan).accept(body, START + delay)
    assert isinstance(copy, Event)
    for refusal in (None, "duplicate"):
        assert engine.decide(shopper, copy, copy.received).refusal == refusal
    assert (shopper.sessions, shopper.anonymous) == (0, None)
    assert shopper.standings["club"].balance == 500
    copy.body += 1
    assert engine.decide(shopper, copy, copy.received).refusal == "duplicate"
