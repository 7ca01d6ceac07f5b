"""One record that makes a fold fail stands alone in the end; the others are taken, each once."""

import json
from typing import Any

import msgspec
import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.runtime.intake_fold import IntakeFold, IntakeSettings
from pipeline.runtime.isolation import Isolating
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS, Batch, Checkpoint, StateCorrupt
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, AgentDriver, PlainEncoder, decisions, send_progress

T = 1_767_434_400_000


class Choking(IntakeFold):
    """Fails on whatever holds `b"choke"`: while decoding, or while folding."""

    def __init__(self, where: str) -> None:
        super().__init__(Intake(Plan(name="shop", digest="00000001")), IntakeSettings(partitions=1))
        self._where = where

    def decode(self, batch: Batch) -> Any:
        if self._where == "decode":
            self._choke(batch, 0)
        return super().decode(batch)

    def fold(self, batch: Batch, decoded: Any, start: int, checkpoint: Checkpoint) -> Any:
        for index in range(start, len(decoded)):
            if self._where == "fold" and decoded[index] is None:
                self._choke(batch, index, 1)
        return super().fold(batch, decoded, start, checkpoint)

    def _choke(self, batch: Batch, start: int, count: int = 10**6) -> None:
        for record in batch.records[start : start + count]:
            if b"choke" in (record.value or b""):
                raise RecursionError("deep")


@pytest.mark.parametrize("where", ["decode", "fold"])
@pytest.mark.parametrize("bad", [{0}, {63}, {17, 18, 40}, set(range(64))])
def test_intake_takes_a_batch_apart(where: str, bad: set[int]) -> None:
    broker = MemoryBroker({SHOPPER_EVENTS: 1})
    driver = AgentDriver(broker, "intake", "clickstream", lambda state: Isolating(Choking(where)))
    for number in range(64):
        call = {"type": "track", "event": "X", "userId": "choke" if number in bad else "ann", "messageId": f"m{number}"}
        broker.append("clickstream", b"ann", json.dumps(call).encode(), timestamp=T)
    driver.run()
    letters = broker.headers(DEAD_LETTERS)
    assert {int(each["offset"]) for each in letters} == bad
    assert {(each["reason"], each["detail"]) for each in letters} == {(b"failed", b"RecursionError")}
    events = [record for record in broker.all(SHOPPER_EVENTS) if record.key == b"ann"]
    assert [msgspec.json.decode(each.value or b"")["message_id"] for each in events] == [
        f"m{number}" for number in range(64) if number not in bad
    ]
    assert driver.lanes[0].processor.next_offset == 64


def shopper(broker: MemoryBroker, engine: FakeEngine, **settings: Any) -> AgentDriver:
    def fold(state: Any) -> Any:
        return Isolating(ShopperFold(engine, state, CODEC, PlainEncoder(), Settings(1, None, **settings)))

    return AgentDriver(broker, "shopper", SHOPPER_EVENTS, fold)


def event(broker: MemoryBroker, who: str, number: int) -> None:
    sent = Event("track", "X", who, T + number, T + number, f"m{number}")
    broker.append(SHOPPER_EVENTS, who.encode(), msgspec.json.encode(sent))


class Hoarding(FakeEngine):
    """Puts every message id into the record of the shopper `big`."""

    def decide(self, shopper: Any, event: Event, now: int, changed_at: int = 0) -> Any:
        if event.shopper == "big":
            shopper.ids += b"x" * 100
        return super().decide(shopper, event, now, changed_at)


def test_a_record_that_would_outgrow_the_changelog_is_a_dead_letter_and_the_others_go_on() -> None:
    broker = MemoryBroker()
    driver = shopper(broker, Hoarding(), shopper_bytes=600)
    for number in range(20):
        event(broker, "big" if number % 2 else "ann", number)
    driver.run()
    letters = broker.headers(DEAD_LETTERS)
    assert {each["reason"] for each in letters} == {b"oversize"}
    assert letters[0]["detail"].endswith(b"bytes, 600 are the most")
    said = [one["message_id"] for one in decisions(broker)]
    assert [one for one in said if int(one[1:]) % 2 == 0] == [f"m{number}" for number in range(0, 20, 2)]
    assert len(said) + len(letters) == 20
    assert max(len(value) for value in driver.state().values()) <= 600


class BrokenTimer(FakeEngine):
    def on_due(self, *arguments: Any, **named: Any) -> Any:
        if not named:
            raise ArithmeticError("a timer")
        return super().on_due(*arguments, **named)


def test_a_timer_that_fails_is_no_record_s_fault_and_stops_the_partition() -> None:
    broker = MemoryBroker()
    driver = shopper(broker, BrokenTimer())
    event(broker, "ann", 0)
    send_progress(broker, 0, T + 60_000)
    event(broker, "bob", 70_000)
    with pytest.raises(ArithmeticError):
        driver.run()
    assert broker.all(DEAD_LETTERS) == []
    # what could be taken before it, is; progress is never left out
    assert driver.lanes[0].processor.next_offset == 1


def test_damaged_state_is_no_record_s_fault() -> None:
    broker = MemoryBroker()
    driver = shopper(broker, FakeEngine())
    event(broker, "ann", 0)
    event(broker, "bob", 1)

    def damaged(keys: Any) -> Any:
        raise StateCorrupt("block checksum mismatch")

    driver.lanes[0].state.get_many = damaged  # type: ignore[method-assign]
    with pytest.raises(StateCorrupt):
        driver.run()
    assert broker.all(DEAD_LETTERS) == []
