"""The shopper fold: time, timers, dead letters, bounded rounds; with an engine of a few lines."""

from typing import Any

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.runtime.dead_letter_limit import TooManyDeadLetters
from pipeline.runtime.ports import DEAD_LETTERS, SHOPPER_EVENTS, LetterCount
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, AgentDriver, decisions, send_progress, shopper_driver

T = 1_767_434_400_000
ONE_SOURCE = Settings(sources=1, stall=600_000)


class Scene:
    def __init__(self, settings: Settings = ONE_SOURCE, delay: int = 1_000) -> None:
        self.broker = MemoryBroker()
        self.engine = FakeEngine(delay)
        self.driver: AgentDriver = shopper_driver(self.broker, self.engine, settings)
        self._number = 0

    def event(self, shopper: str, at: int, name: str = "Product Viewed") -> None:
        self._number += 1
        event = Event("track", name, shopper, T + at, T + at, f"m{self._number}")
        self.broker.append(SHOPPER_EVENTS, shopper.encode(), msgspec.json.encode(event))

    def progress(self, until: int, source: int = 0) -> None:
        send_progress(self.broker, source, T + until)

    def run(self) -> list[tuple[str, str, int]]:
        """(shopper, what, when) of all decisions so far, in order."""
        self.driver.run()
        return [(one["shopper"], one["type"], one["effective_at"] - T) for one in decisions(self.broker)]

    def reasons(self) -> list[bytes]:
        return [headers["reason"] for headers in self.broker.headers(DEAD_LETTERS)]

    def record(self, shopper: str) -> Any:
        return CODEC.decode(self.driver.state()[shopper.encode()])


def test_a_timer_fires_at_its_due_time_when_partition_time_reaches_it_and_not_before() -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.progress(999)
    assert scene.run() == [("ann", "seen", 0)]
    scene.progress(1_000)
    assert scene.run() == [("ann", "seen", 0), ("ann", "quiet", 1_000)]
    scene.progress(5_000)
    assert len(scene.run()) == 2


def test_timers_of_several_fire_in_order_of_due_then_shopper_from_batch_and_store_alike() -> None:
    scene = Scene()
    scene.event("dan", 3)
    scene.event("bob", 2)
    scene.progress(10)
    scene.run()
    scene.event("ann", 11)
    scene.event("cleo", 11)
    scene.event("dan", 12)
    scene.progress(5_000)
    quiet = [one for one in scene.run() if one[1] == "quiet"]
    assert quiet == [
        ("bob", "quiet", 1_002),
        ("ann", "quiet", 1_011),
        ("cleo", "quiet", 1_011),
        ("dan", "quiet", 1_012),
    ]


def test_a_timer_that_moved_later_fires_once_at_its_new_time() -> None:
    scene = Scene()
    for at in (0, 500, 900):
        scene.event("ann", at)
        scene.run()
    scene.progress(1_500)
    assert [one for one in scene.run() if one[1] == "quiet"] == []
    scene.progress(2_000)
    assert [one for one in scene.run() if one[1] == "quiet"] == [("ann", "quiet", 1_900)]


def test_a_timer_that_moved_sooner_fires_at_its_new_time() -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.run()
    scene.event("ann", 10, "sooner")
    scene.run()
    scene.progress(11)
    assert scene.run()[-1] == ("ann", "quiet", 11)
    scene.progress(9_000)
    assert len(scene.run()) == 3


def test_a_timer_taken_back_does_not_fire_and_its_entry_goes() -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.run()
    scene.event("ann", 10, "forget")
    scene.progress(9_000)
    assert [one[1] for one in scene.run()] == ["seen", "seen"]
    assert scene.driver.lanes[0].state.due(2**50, 10) == []


def test_a_timer_that_is_past_due_when_set_fires_with_its_record() -> None:
    scene = Scene()
    scene.event("ann", 0, "past")
    assert scene.run() == [("ann", "seen", 0), ("ann", "quiet", 0)]


def test_a_lagging_source_holds_back_timers_of_all() -> None:
    scene = Scene(Settings(sources=2, stall=600_000))
    scene.progress(0, source=1)
    scene.event("ann", 0)
    scene.progress(5_000, source=0)
    scene.event("bob", 100)
    scene.progress(999, source=1)
    assert [one[1] for one in scene.run()] == ["seen", "seen"]
    scene.progress(1_000, source=1)
    assert scene.run()[-1] == ("ann", "quiet", 1_000)


def test_a_record_behind_partition_time_or_behind_its_shopper_is_raised() -> None:
    scene = Scene()
    scene.event("ann", 50)
    scene.event("ann", 20)
    scene.progress(60)
    scene.event("bob", 30)
    assert scene.run() == [("ann", "seen", 50), ("ann", "seen", 50), ("bob", "seen", 60)]
    assert scene.driver.total("raised") == 2


def test_decisions_tell_the_record_that_caused_them_and_when_they_were_made() -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.progress(7_000)
    scene.run()
    seen, quiet = decisions(scene.broker)
    assert seen["source"] == {"topic": "shopper-events", "partition": 0, "offset": 0}
    assert quiet["source"] == {"topic": "shopper-events", "partition": 0, "offset": 1}
    assert (quiet["effective_at"], quiet["decided_at"]) == (T + 1_000, T + 7_000)


def test_one_round_takes_no_more_timers_than_it_may_and_the_order_stays() -> None:
    scene = Scene(Settings(sources=1, stall=None, timers=7))
    for number in range(50):
        scene.event(f"u{number:02}", number % 5)
    scene.progress(5_000)
    scene.event("late-comer", 10)
    found = scene.run()
    assert found[50:100] == sorted(found[50:100], key=lambda one: (one[2], one[0]))
    assert found[100] == ("late-comer", "seen", 5_000)
    assert max(counts.timers for counts in scene.driver.counts) == 7
    fired = [counts.first_due for counts in scene.driver.counts if counts.timers]
    assert fired == [one[2] + T for one in found[50:100:7]]
    assert not any(counts.first_due for counts in scene.driver.counts if not counts.timers)
    assert scene.driver.total("timers") == 50


def test_records_need_not_wait_for_timers_of_others() -> None:
    # given fifty timers due, more than a round may fire
    scene = Scene(Settings(sources=1, stall=None, timers=7, timers_first=False))
    for number in range(50):
        scene.event(f"u{number:02}", number % 5)
    scene.progress(5_000)
    lane = scene.driver.lanes[0]
    lane.poll(100)
    assert (lane.processor.behind, scene.driver.total("timers")) == (True, 7)
    # when events of a new shopper come, and of one whose own timer still waits
    scene.event("late-comer", 10)
    scene.event("u49", 11)
    lane.poll(100)
    assert scene.driver.total("timers") == 14
    # then they are decided now, that shopper's timer first
    made = [(one["shopper"], one["type"]) for one in decisions(scene.broker)]
    assert made[-3:] == [("late-comer", "seen"), ("u49", "quiet"), ("u49", "seen")]
    # and what is behind fires in the end, each timer once
    found = scene.run()
    assert not lane.processor.behind
    assert sum(what == "quiet" for _, what, _ in found) == 50
    assert [one for one in found if one[0] == "u01"] == [("u01", "seen", 1), ("u01", "quiet", 1_001)]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (b"ann", b"not json"),
        (b"ann", b"{}"),
        (b"ann", b"\xff\xfe"),
        (b"ann", None),
        (None, b"{}"),
        (b"", b"{}"),
        (b"bob", msgspec.json.encode(Event("track", "X", "ann", T, T, "m"))),
        (b"\xff", msgspec.json.encode(Event("track", "X", "ann", T, T, "m"))),
        (b"\x00progress/0", b'{"type":"progress"}'),
        (b"\x00other", b"{}"),
    ],
)
def test_what_cannot_be_decoded_goes_to_the_dead_letters_and_the_rest_goes_on(
    key: bytes | None, value: bytes | None
) -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.broker.append(SHOPPER_EVENTS, key, value)
    scene.event("ann", 1)
    assert scene.run() == [("ann", "seen", 0), ("ann", "seen", 1)]
    [letter] = scene.broker.all(DEAD_LETTERS)
    [headers] = scene.broker.headers(DEAD_LETTERS)
    assert (letter.key, letter.value) == (key, value)
    assert headers["reason"] == b"undecodable"
    assert (headers["topic"], headers["partition"], headers["offset"]) == (b"shopper-events", b"0", b"1")
    assert sum(counts.dead.get("undecodable", 0) for counts in scene.driver.counts) == 1


def test_a_refusal_of_the_core_is_a_dead_letter_and_a_duplicate_is_only_counted() -> None:
    scene = Scene()
    scene.event("ann", 0, "late")
    scene.event("ann", 0, "duplicate")
    assert scene.run() == []
    assert scene.reasons() == [b"late"]
    assert scene.driver.total("duplicates") == 1


def test_what_shoppers_of_one_stretch_lead_to_stands_in_the_order_of_their_records() -> None:
    def run(size: int) -> tuple[list[tuple[str, str, int]], list[bytes], list[LetterCount]]:
        scene = Scene()
        names = ["", "late", "", "past", "duplicate", "late", ""]
        for at in range(42):
            scene.event(f"u{at % 5}", at, names[at % 7] or "Product Viewed")
            if at % 20 == 13:
                scene.broker.append(SHOPPER_EVENTS, b"u1", b"{")
                scene.progress(at)
        lane = scene.driver.lanes[0]
        while lane.poll(size):
            pass
        offsets = [headers["offset"] for headers in scene.broker.headers(DEAD_LETTERS)]
        return scene.run(), offsets, [lane.processor.checkpoint.letters]

    # Given shoppers whose events alternate, some of them refused, with a batch for each record
    one_by_one = run(1)
    assert [int(offset) for offset in one_by_one[1]] == sorted(map(int, one_by_one[1]))
    # When a batch holds several stretches, then outputs and the count of dead letters are the same
    assert run(1_000) == run(9) == one_by_one


def test_a_record_that_makes_the_core_fail_leaves_no_trace_in_its_shopper() -> None:
    scene = Scene()
    scene.event("ann", 0)
    scene.event("ann", 5, "boom")
    scene.event("ann", 9)
    scene.progress(9_000)
    assert scene.run() == [("ann", "seen", 0), ("ann", "seen", 9), ("ann", "quiet", 1_009)]
    assert scene.record("ann").sessions == 2
    [headers] = scene.broker.headers(DEAD_LETTERS)
    assert (headers["reason"], headers["detail"]) == (b"failed", b"ZeroDivisionError")


def test_if_too_many_records_make_the_core_fail_the_partition_stops() -> None:
    scene = Scene(Settings(sources=1, stall=None, poison=3))
    for at in range(4):
        scene.event("ann", at, "boom")
    with pytest.raises(TooManyDeadLetters, match=r"more than 3 records .* \(ZeroDivisionError\)"):
        scene.run()
    assert scene.broker.all(DEAD_LETTERS) == []
    assert scene.driver.lanes[0].processor.next_offset == 0


def test_the_cache_serves_and_forgets_without_changing_anything() -> None:
    def run(cache_bytes: int) -> tuple[list[tuple[str, str, int]], dict[bytes, bytes], int]:
        scene = Scene(Settings(sources=1, stall=None, cache_bytes=cache_bytes))
        for at in range(200):
            scene.event(f"u{at % 3 if at % 2 else at % 37}", at)
            if at % 10 == 9:
                scene.progress(at)
                scene.run()
        return scene.run(), scene.driver.state(), scene.driver.total("hits")

    without, small, large = run(0), run(2_000), run(10**6)
    assert without[:2] == small[:2] == large[:2]
    assert without[2] == 0
    assert 0 < small[2] < large[2]
