"""Intake's fold: received time, progress and dead letters."""

import json
from typing import Any

import msgspec
import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import REFERRAL, Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.loyalty_definition import EarnRule, Level, ProgrammeDefinition
from pipeline.runtime.intake_fold import BROKER, FIELD, PRODUCER, IntakeFold, IntakeSettings
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS
from pipeline.runtime.progress import PROGRESS_PREFIX
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import AgentDriver

T = 1_767_434_400_000
HOUR = 3_600_000


class Scene:
    def __init__(self, intake: Any = None, **settings: Any) -> None:
        self.broker = MemoryBroker({SHOPPER_EVENTS: 2, "clickstream": 2})
        self.broker.now = T
        accept = intake or Intake(Plan(name="shop", digest="00000001"))
        fold = IntakeFold(accept, IntakeSettings(partitions=2, **settings))
        self.driver = AgentDriver(self.broker, "intake", "clickstream", lambda state: fold)

    def call(self, shopper: str = "ann", timestamp: int | None = None, partition: int = 0, **call: Any) -> None:
        value = json.dumps({"type": "track", "event": "X", "userId": shopper, **call}).encode()
        self.raw(value, timestamp, partition)

    def raw(self, value: bytes | None, timestamp: int | None = None, partition: int = 0) -> None:
        stamp = None if timestamp is None else T + timestamp
        self.broker.append("clickstream", b"any", value, partition=partition, timestamp=stamp)

    def run(self) -> None:
        self.driver.run()

    def events(self) -> list[Event]:
        records = self.broker.all(SHOPPER_EVENTS)
        return [msgspec.json.decode(one.value or b"", type=Event) for one in records if one.key[:1] != b"\x00"]  # type: ignore[index]

    def received(self) -> list[int]:
        return [event.received - T for event in sorted(self.events(), key=lambda event: event.message_id)]

    def progress(self, partition: int = 0) -> list[tuple[int, int]]:
        """(source, until) as one partition of shopper-events was told."""
        found = []
        for record in self.broker.read(SHOPPER_EVENTS, partition):
            if (record.key or b"").startswith(PROGRESS_PREFIX):
                told = json.loads(record.value or b"")
                found.append((told["source"], told["until"] - T))
        return found


def test_events_are_keyed_by_shopper() -> None:
    scene = Scene()
    scene.call("ann")
    scene.call("bob")
    scene.run()
    assert {one.key for one in scene.broker.all(SHOPPER_EVENTS) if one.key and one.key[0]} == {b"ann", b"bob"}
    assert {event.shopper for event in scene.events()} == {"ann", "bob"}


def test_what_a_call_does_not_tell_takes_no_room() -> None:
    scene = Scene()

    scene.call("ann")
    scene.run()

    (record,) = [one for one in scene.broker.all(SHOPPER_EVENTS) if one.key == b"ann"]
    needed = {"type", "name", "shopper", "time", "received", "message_id", "body", "properties", "flags"}
    assert set(json.loads(record.value or b"")) <= needed


def test_received_time_is_the_brokers_and_never_runs_backwards_in_a_partition() -> None:
    scene = Scene()
    for number, timestamp in enumerate([10, 30, 20, 40]):
        scene.call(timestamp=timestamp, messageId=f"m{number}")
    scene.call(timestamp=5, messageId="m4", partition=1)
    scene.run()
    assert scene.received() == [10, 30, 30, 40, 5]
    assert scene.driver.total("raised") == 1


@pytest.mark.parametrize("sizes", [1, 2, 5])
def test_nor_across_batches_and_restarts(sizes: int) -> None:
    scene = Scene()
    scene.driver.sizes = lambda: sizes
    for number, timestamp in enumerate([10, 30, 20, 40]):
        scene.call(timestamp=timestamp, messageId=f"m{number}")
        if number == 1:
            scene.run()
            scene.driver.lanes[0].open(wipe=True)
    scene.run()
    assert scene.received() == [10, 30, 30, 40]


def test_progress_follows_the_events_of_its_batch_in_every_partition() -> None:
    scene = Scene()
    scene.call(timestamp=10)
    scene.call(timestamp=30)
    scene.run()
    for partition in range(2):
        told = [
            (record.key or b"").startswith(PROGRESS_PREFIX) for record in scene.broker.read(SHOPPER_EVENTS, partition)
        ]
        assert told == sorted(told)
    scene.call(timestamp=7, partition=1)
    scene.run()
    assert scene.progress(0) == scene.progress(1) == [(0, 30), (1, 7)]
    last = scene.broker.read(SHOPPER_EVENTS, 0)[-1]
    assert (last.key or b"").startswith(PROGRESS_PREFIX)


def test_progress_is_told_only_when_it_is_far_enough_and_idling_tells_the_rest() -> None:
    scene = Scene(progress_every=100)
    scene.driver.sizes = lambda: 1
    for timestamp in (0, 50, 99, 100, 150):
        scene.call(timestamp=timestamp)
    scene.run()
    assert scene.progress() == [(0, 0), (0, 100)]
    processor = scene.driver.lanes[0].processor
    processor.idle(T + 120)
    assert scene.progress()[-1] == (0, 150)
    processor.idle(T + 150)
    assert len(scene.progress()) == 3


def test_an_idle_partition_tells_the_brokers_time_and_later_records_are_not_behind_it() -> None:
    scene = Scene()
    scene.driver.lanes[0].processor.idle(T + 500)
    scene.call(timestamp=400, messageId="m0")
    scene.run()
    assert scene.received() == [500]
    assert scene.progress() == [(0, 500)]
    assert scene.driver.lanes[0].processor.checkpoint.time == T + 500


def test_a_producers_clock_far_ahead_is_brought_back_to_the_brokers_time() -> None:
    scene = Scene(received=PRODUCER, skew=1_000)
    scene.call(timestamp=1_000, messageId="m0")
    scene.call(timestamp=1_001, messageId="m1")
    scene.call(timestamp=HOUR, messageId="m2")
    scene.run()
    # The second and third are brought to the brokers' time, then raised to what the first has reached.
    assert scene.received() == [1_000, 1_000, 1_000]
    assert [event.flags for event in scene.events()] == [(), ("received_ahead",), ("received_ahead",)]
    assert scene.progress() == [(0, 1_000)]


def test_so_is_a_field() -> None:
    scene = Scene(received=FIELD, skew=1_000)
    stamp = "2036-01-03T10:00:00Z"
    scene.call(messageId="m0", receivedAt=stamp, timestamp=None)
    scene.run()
    [event] = scene.events()
    assert (event.received, event.flags) == (T, ("received_ahead",))
    assert event.time <= event.received


@pytest.mark.parametrize("settings", [{"received": FIELD}, {"received": BROKER, "skew": 1_000}])
def test_history_and_brokers_are_believed(settings: dict[str, Any]) -> None:
    scene = Scene(**settings)
    scene.call(timestamp=HOUR, messageId="m0", receivedAt="2026-01-03T11:00:00Z")
    scene.run()
    assert [event.received for event in scene.events()] == [T + HOUR]


def test_what_cannot_be_taken_is_a_dead_letter_with_its_bytes_and_the_rest_goes_on() -> None:
    scene = Scene()
    scene.call(messageId="m0")
    scene.raw(b"\xff not json")
    scene.raw(None)
    scene.call(messageId="m1", type="buy")
    scene.raw(b"x" * (1024 * 1024 + 1))
    scene.call(messageId="m2")
    scene.run()
    assert sorted(event.message_id for event in scene.events()) == ["m0", "m2"]
    letters, headers = scene.broker.all(DEAD_LETTERS), scene.broker.headers(DEAD_LETTERS)
    assert [one["reason"] for one in headers] == [b"undecodable", b"undecodable", b"unknown_type", b"oversize"]
    assert [one["offset"] for one in headers] == [b"1", b"2", b"3", b"4"]
    assert [len(one.value) if one.value is not None else None for one in letters][:2] == [10, None]
    assert (headers[3]["truncated"], len(letters[3].value or b"")) == (b"1048577", 960 * 1024)
    assert [count.dead for count in scene.driver.counts if count.dead] == [
        {"undecodable": 2, "unknown_type": 1, "oversize": 1}
    ]


def test_an_event_that_shopper_events_would_not_take_is_oversize_and_stops_nobody() -> None:
    scene = Scene()
    scene.call(messageId="m0", properties={"note": "x" * (970 * 1024)})
    scene.call(messageId="m1")
    scene.run()
    assert [event.message_id for event in scene.events()] == ["m1"]
    assert scene.broker.headers(DEAD_LETTERS)[0]["reason"] == b"oversize"


def test_a_bad_call_of_a_batch_is_told_by_its_place_and_its_own_bytes() -> None:
    scene = Scene()
    good = {"type": "track", "event": "X", "userId": "ann", "messageId": "m0"}
    scene.raw(json.dumps({"batch": [good, {"type": "track"}]}).encode())
    scene.run()
    assert [event.message_id for event in scene.events()] == ["m0"]
    [letter], [headers] = scene.broker.all(DEAD_LETTERS), scene.broker.headers(DEAD_LETTERS)
    assert (letter.value, headers["item"]) == (b'{"type": "track"}', b"1")


def test_a_record_that_makes_intake_fail_stops_nobody() -> None:
    class Failing:
        def accept(self, value: bytes | None, received: int, *, from_field: bool = False) -> list[Event | Refusal]:
            if value == b"boom":
                raise RecursionError("of someone")
            return [Event("track", "X", "ann", received, received, "m0")]

    scene = Scene(Failing())
    scene.raw(b"boom")
    scene.raw(b"fine")
    scene.run()
    assert len(scene.events()) == 1
    assert scene.broker.headers(DEAD_LETTERS)[0]["reason"] == b"failed"


def test_a_referral_is_written_under_both_keys() -> None:
    rule = EarnRule("Referral Completed", 500_000_000, also=("referrer_id",))
    club = ProgrammeDefinition("club", "c", (rule,), "points_earned", (Level("bronze", 0, 0),))
    scene = Scene(Intake(Plan(name="shop", digest="00000001", programmes=(club,))))
    scene.call("lee", 0, event="Referral Completed", messageId="m", properties={"referrer_id": "kim"})
    scene.run()
    records = [one for one in scene.broker.all(SHOPPER_EVENTS) if not (one.key or b"").startswith(PROGRESS_PREFIX)]
    told = {(one.key, msgspec.json.decode(one.value or b"", type=Event).type) for one in records}
    assert told == {(b"lee", "track"), (b"kim", REFERRAL)}
