"""Referrals through the whole engine: partitions change nothing, nor do copies."""

import json
from pathlib import Path
from typing import Any

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.bonus_book import BonusBook
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.loyalty.referral import EXPECTED
from pipeline.domain.shopper import Shopper
from pipeline.replay.run import Replay
from pipeline.runtime.ports import SHOPPER_EVENTS
from pipeline.runtime.shopper_settings import Settings
from tests.oracle.engine_run import Calls, topology_text
from tests.oracle.values import rfc3339
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import decisions, send_progress, shopper_driver

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


def order(number: int, shopper: str, minute: int) -> dict[str, Any]:
    return {
        "type": "track", "event": "Order Completed", "userId": shopper, "messageId": f"o-{number}",
        "properties": {"order_id": f"o-{number}", "total": 5}, "receivedAt": rfc3339(START + minute * 60_000),
    }  # fmt: skip


def standing_of(shopper: Shopper) -> BonusBook:
    book = shopper.standings["club"].bonuses
    assert book is not None
    return book


def test_partitions_change_no_byte(tmp_path: Path) -> None:
    calls = [referral(n, f"f-{n}", f"r-{n % 3}", n // 2) for n in range(40)]
    calls += [{**referral(0, "f-0", "r-0", 30)}]
    calls += [order(n, f"f-{n}", 30 + n // 2) for n in range(40)]
    plan = parse(topology_text(TOPOLOGY), {}).plan()
    for number in (1, 2, 7):
        Replay(plan, tmp_path / str(number), partitions=number, profiles=True).run([Calls(calls)])
    for file in (tmp_path / "1").iterdir():
        assert (
            file.read_bytes() == (tmp_path / "2" / file.name).read_bytes() == (tmp_path / "7" / file.name).read_bytes()
        )
    assert (tmp_path / "1" / "loyalty-points.ndjson").read_text().count('"bonus"') == 15 + 40
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
    assert len(standing_of(shopper).expected) == 1
    copy.body += 1
    assert engine.decide(shopper, copy, copy.received).refusal == "duplicate"


HELD = {"loyalty": {"club": {**TOPOLOGY["loyalty"]["club"], "confirm_after": "14d"}}}
HOLD = 14 * 24 * 60


def test_both_sides_are_paid_at_one_instant_through_the_log() -> None:
    """The friend's partition tells the referrer's by a record of its own; when that is read does not matter."""
    plan = parse(topology_text(HELD), {}).plan()
    broker, intake = MemoryBroker(), Intake(plan)
    driver = shopper_driver(broker, Engine(plan), Settings(sources=1, stall=600_000))
    for call in (referral(1, "lee", "kim", 0), order(1, "lee", 60)):
        for event in intake.accept(json.dumps(call).encode(), 0, from_field=True):
            assert isinstance(event, Event)
            broker.append(SHOPPER_EVENTS, event.shopper.encode(), msgspec.json.encode(event))
    driver.run()
    send_progress(broker, 0, START + (60 + HOLD) * 60_000)
    driver.run()
    bonuses = [one for one in decisions(broker) if one["type"] == "loyalty.points.bonus"]
    assert [
        (one["shopper"], one["effective_at"] - START) for one in sorted(bonuses, key=lambda one: one["shopper"])
    ] == [(shopper, (60 + HOLD) * 60_000) for shopper in ("kim", "lee")]


def told(engine: Engine, shopper: Shopper, *events: Event) -> list[int]:
    """Bonuses that a shopper is given."""
    return [
        one.fields["points"]
        for event in events
        for one in engine.decide(shopper, event, max(event.received, shopper.now)).decisions
        if one.type == "loyalty.points.bonus"
    ]


def test_a_word_that_is_too_late_is_paid_as_it_comes_and_one_of_nobody_is_passed_over() -> None:
    plan = parse(topology_text(HELD), {}).plan()
    engine, intake, friend, referrer = Engine(plan), Intake(plan), Shopper(), Shopper()
    call, copy = intake.accept(json.dumps(referral(1, "lee", "kim", 0)).encode(), 0, from_field=True)
    (bought,) = intake.accept(json.dumps(order(1, "lee", 60)).encode(), 0, from_field=True)
    assert isinstance(call, Event)
    assert isinstance(copy, Event)
    assert isinstance(bought, Event)
    told(engine, friend, call)
    (word,) = engine.decide(friend, bought, bought.received).letters
    assert (word.shopper, word.referred, word.received) == ("kim", "lee", bought.received)

    assert told(engine, Shopper(), word) == []
    late = msgspec.structs.replace(copy, received=copy.received + (60 + HOLD) * 60_000 + 5)
    assert told(engine, referrer, late) == []
    assert told(engine, referrer, word, word) == [500]
    assert referrer.now == late.received
    again = msgspec.structs.replace(word, message_id="another")
    assert told(engine, referrer, again) == []


def test_friends_who_never_buy_are_forgotten_the_first_first() -> None:
    plan = parse(topology_text(TOPOLOGY), {}).plan()
    engine, intake, shopper = Engine(plan), Intake(plan), Shopper()
    remarks = []
    for number in range(EXPECTED + 1):
        _, copy = intake.accept(json.dumps(referral(number, f"f-{number}", "kim", number)).encode(), 0, from_field=True)
        assert isinstance(copy, Event)
        remarks += engine.decide(shopper, copy, copy.received).remarks
    assert remarks == ["referral_limit"]
    assert len(standing_of(shopper).expected) == EXPECTED
