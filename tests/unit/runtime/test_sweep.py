"""The sweep of one partition: bounded slices, and nobody held up by a record that fails."""

from typing import Any

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.runtime import sweep
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.fold import Counts
from pipeline.runtime.overlay import ENTRY_BYTES, Overlay
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, StateWrite, Sweep
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.memory import MemoryPartition
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import MemoryBroker
from tests.support.topology_driver import CODEC, Lane, send_progress, shopper_driver, shopper_fold

T = 1_767_434_400_000


class Planned(FakeEngine):
    """Of another plan. broken: shoppers on whom it fails. grows: whose record it makes very long."""

    def __init__(self, broken: tuple[str, ...] = (), grows: tuple[str, ...] = ()) -> None:
        super().__init__()
        self.digest = 7
        self.changed_at: set[int] = set()
        self._broken, self._grows = broken, grows

    def on_due(self, shopper: Any, shopper_id: str, until: int, changed_at: int = 0, silent: bool = False) -> Any:
        shopper.sessions += 100
        self.changed_at.add(changed_at)
        if shopper_id in self._broken:
            raise ZeroDivisionError
        if shopper_id in self._grows:
            shopper.ids = b"x" * 1_000
        shopper.plan = self.digest
        return super().on_due(shopper, shopper_id, until, changed_at, silent)


def swept_by(engine: Planned, shoppers: int = 20, **settings: Any) -> tuple[Lane, MemoryBroker]:
    """A partition with so many shoppers of the plan before, one event each and a timer far off, and its time at T."""
    broker = MemoryBroker()
    for number in range(shoppers):
        event = Event("track", "X", f"u{number:04}", T, T, f"m{number}")
        broker.append(SHOPPER_EVENTS, event.shopper.encode(), msgspec.json.encode(event))
    send_progress(broker, 0, T)
    driver = shopper_driver(broker, FakeEngine(10**9), Settings(1, None))
    driver.run()
    driver.fold = shopper_fold(engine, Settings(1, None, **settings))
    lane = driver.lanes[0]
    lane.open()
    return lane, broker


def slices(lane: Lane) -> list[Counts]:
    found = [lane.processor.sweep()]
    while lane.processor.sweeping:
        found.append(lane.processor.sweep())
    return [taken.counts for taken in found]


def test_slices_are_bounded_and_all_are_brought_over_once() -> None:
    engine = Planned()
    lane, _ = swept_by(engine, 23, sweep=5)
    assert [counts.swept for counts in slices(lane)] == [5, 5, 5, 5, 3]
    assert {CODEC.decode(value).sessions for _, value in lane.state.scan()} == {101}
    assert engine.changed_at == {T}
    assert slices(lane)[0].swept == 0


def test_records_that_need_nothing_are_looked_at_in_larger_slices(monkeypatch: pytest.MonkeyPatch) -> None:
    engine = Planned()
    lane, _ = swept_by(engine, 500, sweep=10)
    slices(lane)
    again = Planned()
    lane.driver.fold = shopper_fold(again, Settings(1, None, sweep=10))
    # a checkpoint that has lost where the sweep stood, as one that an older version wrote
    checkpoint = lane.state.checkpoint()
    checkpoint.sweep = Sweep()
    lane.state.write(StateWrite((), lane.state.changelog_offset(), checkpoint))
    lane.open()
    counts = slices(lane)
    assert sum(one.swept for one in counts) == 0
    assert len(counts) == 500 / (10 * sweep.LOOKS) + 1


@pytest.mark.parametrize("how", ["broken", "grows"])
def test_a_record_that_fails_is_left_as_it_is_counted_and_the_others_go_on(how: str) -> None:
    lane, _ = swept_by(Planned(**{how: ("u0003", "u0007")}), 10, sweep=4, shopper_bytes=900)
    counts = slices(lane)
    assert sum(one.swept for one in counts) == 8
    assert sum(one.remarks.get("sweep_failed", 0) for one in counts) == 2
    left = {key for key, value in lane.state.scan() if CODEC.decode(value).sessions == 1}
    assert left == {b"u0003", b"u0007"}
    assert lane.processor.checkpoint.sweep.done


def test_a_batch_in_hand_is_finished_first() -> None:
    lane, broker = swept_by(Planned(), 10, timers=2)
    send_progress(broker, 0, T + 2 * 10**9)
    batch = Batch(SHOPPER_EVENTS, 0, lane.position, broker.read(SHOPPER_EVENTS, 0, lane.position + 1))
    assert not lane.processor.process(batch).finished
    before = lane.processor.checkpoint
    taken = lane.processor.sweep()
    assert (taken.finished, taken.counts.swept, lane.processor.sweeping) == (False, 0, True)
    assert lane.processor.checkpoint == before
    lane.catch_up()
    assert sum(one.swept for one in slices(lane)) == 0
    assert {CODEC.decode(value).sessions for _, value in lane.state.scan()} == {101}


def test_a_sweep_leaves_the_cache_to_what_events_need_and_keeps_it_true() -> None:
    # given a cache with one of two records
    state = MemoryPartition()
    state.write(StateWrite([(key, CODEC.encode(Shopper(sessions=1))) for key in (b"ann", b"bob")], 0))
    overlay = Overlay(state, CODEC, CacheBudget(10**6))
    overlay.load([b"ann"])
    overlay.keep()
    cached = overlay.cached_bytes
    # when a sweep changes both
    for key, value in state.values(None, 10):
        held = overlay.sweep(key, value)
        shopper = overlay.open(held)
        shopper.sessions = 2
        overlay.close(held, shopper)
    state.write(StateWrite(overlay.changes(), 1))
    overlay.keep()
    # then the cache holds the one it had, as it is now
    assert abs(overlay.cached_bytes - cached) < ENTRY_BYTES
    overlay.load([b"ann", b"bob"])
    assert [overlay.open(overlay.touched[key]).sessions for key in (b"ann", b"bob")] == [2, 2]
    assert overlay.take_counts() == (1, 2)
