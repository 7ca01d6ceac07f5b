"""A backfill over random topologies and streams, on the road of batches: a topology that comes late, and is given the
history that the one before did not keep, says what it would have said from the beginning, whatever crashes on the way.

AFTERCLICK_SEEDS sets how many seeds are tried.
"""

import os
from collections.abc import Sequence
from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.backfill.partition_history import PartitionHistory, fillable, reachable
from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import KIND_BACKFILL
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.profile import profile
from pipeline.domain.segments.condition import Conditions
from pipeline.runtime.gap import unpack
from pipeline.runtime.graft_log import HEAD_KEY, SEAL_KEY, encode_graft, encode_head
from pipeline.runtime.item import decode_event, decode_item
from pipeline.runtime.partition import STEPS
from pipeline.runtime.ports import SHOPPER_EVENTS, Record
from pipeline.runtime.shopper_settings import Settings
from tests.oracle.engine_run import topology_text
from tests.oracle.random_topology import Topologies
from tests.support.memory_broker import Crash, crash_at
from tests.support.road import Shop
from tests.support.topology_driver import CODEC, AgentDriver, Lane, decisions, send_progress, shopper_fold

SEEDS = range(int(os.environ.get("AFTERCLICK_SEEDS", "40")))
SETTINGS = Settings(3, None, timers=4, cache_bytes=2_000, sweep=2)
SLICE = 2
OWN = ("segments", "traits", "journey")


def undamped(random: Random, shop: dict[str, Any] | None = None) -> tuple[Engine, dict[str, Any]]:
    """A topology, with what is no piece of state as in the other: what is kept of orders, carts and points comes of it.
    Where a condition keeps changing, waits that began otherwise may end otherwise."""
    while True:
        topology = Topologies(random).draw()
        topology = {**{key: topology[key] for key in topology if key in OWN}, **(shop or topology)}
        try:
            plan: Plan = parse(topology_text(topology), {}).plan()
        except TopologyError:
            continue
        if all(one.hold is None for one in plan.segments):
            return Engine(plan), {key: one for key, one in topology.items() if key not in OWN}


class Change:
    """A shop whose topology is another one for the later part of its history, perhaps after an interlude."""

    def __init__(self, seed: int, interlude: bool) -> None:
        self.shop = Shop(seed)
        self.shop.engine, shop = undamped(self.shop.random)
        other, _ = undamped(self.shop.random, shop)
        self.engine, self.other = (self.shop.engine, other) if interlude else (other, None)
        events = [(source, one) for source, one in self.shop.interleaved() if isinstance(one, Event)]
        cuts = sorted(self.shop.random.randint(0, len(events)) for _ in range(3))
        self.parts = [events[start:end] for start, end in zip([0, *cuts], [*cuts, len(events)], strict=True)]

    def send(self, driver: AgentDriver, part: list[tuple[int, Any]]) -> None:
        for _, one in part:
            driver.broker.append(SHOPPER_EVENTS, one.shopper.encode(), msgspec.json.encode(one))
        for source in range(3 if part else 0):
            send_progress(driver.broker, source, max(one.received for _, one in part))

    def late(self) -> AgentDriver:
        """The topology has come, some events after it; where an interlude is, it came back."""
        driver = self.shop.road([], 1, SETTINGS, lambda: 7)
        self.send(driver, self.parts[0])
        driver.run()
        if self.other is not None:
            self.change(driver, self.other)
            self.send(driver, self.parts[1])
            driver.run()
        self.change(driver, self.engine)
        if self.other is None:
            self.send(driver, self.parts[1])
        self.send(driver, self.parts[2])
        driver.run()
        return driver

    def change(self, driver: AgentDriver, engine: Engine) -> None:
        driver.fold = shopper_fold(engine, SETTINGS)
        driver.lanes[0].open()
        while driver.lanes[0].sweep():
            pass

    def early(self) -> AgentDriver:
        """The topology has been there all the time."""
        driver = self.shop.road([], 1, SETTINGS, lambda: 7)
        driver.fold = shopper_fold(self.engine, SETTINGS)
        driver.lanes[0].open()
        for part in self.parts[:3]:
            self.send(driver, part)
        driver.run()
        return driver

    def finish(self, driver: AgentDriver) -> dict[str, Any]:
        """The rest comes, and then nothing for long; what is known of everybody in the end."""
        self.send(driver, self.parts[3])
        for source in range(3):
            send_progress(driver.broker, source, self.shop.until)
        driver.run()
        ids = [decision["id"] for decision in decisions(driver.broker)]
        assert len(ids) == len(set(ids))
        return told(self.engine, driver)


def told(engine: Engine, driver: AgentDriver) -> dict[str, Any]:
    time = driver.lanes[0].processor.checkpoint.time
    found = {}
    for key, value in driver.state().items():
        shopper = CODEC.decode(value)
        engine.on_due(shopper, key.decode(), time)
        shopper.now = max(shopper.now, time)
        found[key.decode()] = profile(engine, shopper, key.decode())
    return found


def log_of_grafts(engine: Engine, driver: AgentDriver, first: int = 0, files: Sequence[Event] = ()) -> list[Record]:
    """As a run writes it, of all that is there now from offset `first` on, and of files before."""
    gaps = reachable(fillable(driver.lanes[0].processor.checkpoint), first, files=bool(files))
    history = PartitionHistory(engine.plan, gaps, 3, None, first)
    if not history.gaps:
        return []
    for event in files:
        history.before(event.shopper.encode(), event)
    for record in driver.broker.read(SHOPPER_EVENTS, 0, first):
        history.take(record)
    values = [(HEAD_KEY, encode_head(history.head()))]
    values += [(key, encode_graft(graft)) for key, graft in history.grafts()]
    values.append((SEAL_KEY, b"{}"))
    begin = driver.lanes[0].processor.checkpoint.grafting.offset
    return [Record(begin + offset, 0, key, value) for offset, (key, value) in enumerate(values)]


def take_in(lane: Lane, log: list[Record]) -> bool:
    """A slice; False once nothing is left."""
    at = lane.processor.checkpoint.grafting.offset
    records = [record for record in log if record.offset >= at][:SLICE]
    while not lane.count(lane.processor.graft(records)):
        pass
    return lane.processor.checkpoint.grafting.offset > at


@pytest.mark.parametrize("interlude", [False, True], ids=["a new topology", "one that comes back"])
@pytest.mark.parametrize("seed", SEEDS)
def test_a_topology_that_came_late_says_what_it_would_have_said_from_the_beginning(seed: int, interlude: bool) -> None:
    change = Change(seed, interlude)
    driver = change.late()
    lane = driver.lanes[0]
    if unfilled(change, lane):
        return
    log = log_of_grafts(change.engine, driver)
    known = {decision["id"] for decision in decisions(driver.broker)}
    while take_in(lane, log):
        pass
    # the difference is told silently, and nothing is missing any more
    new = [decision for decision in decisions(driver.broker) if decision["id"] not in known]
    assert all(one["silent"] and one["cause_kind"] == KIND_BACKFILL for one in new)
    assert not fillable(lane.processor.checkpoint)
    # a second run has nothing to do, and the log of the first, read again, changes nothing
    state = driver.state()
    assert log_of_grafts(change.engine, driver) == []
    again = [Record(len(log) + one.offset, 0, one.key, one.value) for one in log]
    while lane.processor.checkpoint.grafting.offset < len(log) + len(again) and take_in(lane, log + again):
        pass
    assert driver.state() == state
    early = change.early()
    assert told(change.engine, driver) == told(change.engine, early)
    assert change.finish(driver) == change.finish(early)


@pytest.mark.parametrize("seed", SEEDS)
def test_files_have_what_is_not_retained_any_more(seed: int) -> None:
    # given events in order of received time, the first of which are not retained when the topology has come
    change = Change(seed, False)
    events = sorted((one for part in change.parts for one in part), key=lambda one: one[1].received)
    ends = [len(part) for part in change.parts]
    change.parts = [events[sum(ends[:index]) : sum(ends[: index + 1])] for index in range(4)]
    driver = change.late()
    lane = driver.lanes[0]
    records = driver.broker.read(SHOPPER_EVENTS, 0)
    first = records[change.shop.random.randrange(len(records))].offset if records else 0
    events_at = [(record.offset, one) for record in records if isinstance(one := item(record), Event)]
    gaps = fillable(lane.processor.checkpoint)
    if unfilled(change, lane):
        return
    border = max((gap.end for gap in gaps), default=0)
    retained = [one.received for offset, one in events_at if first <= offset < border]
    end = retained[0] if retained else min((gap.at for gap in gaps), default=0)
    before = [one for offset, one in events_at if one.received < end]
    if not before or [one for offset, one in events_at if offset < min(first, border)] != before:
        return  # events of one instant lie on both sides
    # when one run takes both, or a run what is retained, and another one the files: that can't tell what came twice
    known = {mark for one in before for mark in marks(one)}
    if known.isdisjoint(mark for offset, one in events_at if offset >= first for mark in marks(one)):
        log = log_of_grafts(change.engine, driver, first)
        while take_in(lane, log):
            pass
    log = log_of_grafts(change.engine, driver, first, before)
    while take_in(lane, log):
        pass
    # then nothing is missing
    assert not fillable(lane.processor.checkpoint) and log_of_grafts(change.engine, driver, first, before) == []
    early = change.early()
    assert told(change.engine, driver) == told(change.engine, early)
    assert change.finish(driver) == change.finish(early)


def unfilled(change: Change, lane: Lane) -> bool:
    """Whether something is not filled: what came back after long, and thresholds above those of the topology before."""
    if any(gap.begin == gap.end for gap in lane.processor.checkpoint.gaps):
        return True
    before, after = (depths(one) for one in (change.other or change.shop.engine, change.engine))
    return any(depth > before.get(key, depth) for key, depth in after.items())


def depths(engine: Engine) -> dict[int, int]:
    plan = engine.plan
    compiled = Conditions.compiled(plan, plan.conditions(), plan.traits)
    return {key: one.depth for key, (one, _) in compiled.windows.items()}


def marks(event: Event) -> set[str]:
    """By what a repeated event, or order, is known."""
    return {f"message {event.message_id}", f"order {decode_object(event.properties).get('order_id')}"} - {"order None"}


def item(record: Record) -> object:
    return decode_event(record) if decode_item(record) is None else None


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk lost"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS[2:])
def test_a_crash_while_grafts_are_taken_in_changes_nothing(step: str, side: str, wipe: bool) -> None:
    tried = 0
    for seed in range(40):
        change = Change(seed, False)
        smooth = change.late()
        log = log_of_grafts(change.engine, smooth)
        if len(log) < 3 * SLICE:
            continue
        while take_in(smooth.lanes[0], log):
            pass
        told_of = [one for one in decisions(smooth.broker) if one["cause_kind"] == KIND_BACKFILL]
        if not told_of:
            continue
        tried += 1
        for nth in range(1, -(-len(log) // SLICE)):
            driver = change.late()
            lane = driver.lanes[0]
            lane.at = crash_at(f"{side} {step}", nth)
            with pytest.raises(Crash):
                while take_in(lane, log):
                    pass
            lane.at = lambda now: None
            lane.open(wipe)
            while take_in(lane, log):
                pass
            assert driver.state() == smooth.state()
            assert lane.processor.checkpoint == smooth.lanes[0].processor.checkpoint
            assert sorted(one["id"] for one in decisions(driver.broker)) == sorted(
                one["id"] for one in decisions(smooth.broker)
            )
        if tried == 2:
            return
    pytest.fail("too few changes of several slices")


def test_grafts_wait_until_the_partition_has_come_as_far_as_they_were_read() -> None:
    for seed in range(20):
        change = Change(seed, False)
        driver = change.late()
        lane = driver.lanes[0]
        change.send(driver, change.parts[3])
        log = log_of_grafts(change.engine, driver)
        if (
            not log
            or not change.parts[3]
            or not PartitionHistory(change.engine.plan, fillable(lane.processor.checkpoint), 3, None)._sequences
        ):
            continue
        assert not take_in(lane, log)
        driver.run()
        assert take_in(lane, log)
        return
    pytest.fail("no sequence was drawn")


def test_what_another_topology_left_half_taken_in_is_not_filled_twice() -> None:
    for seed in range(40):
        change = Change(seed, False)
        driver = change.late()
        lane = driver.lanes[0]
        log = log_of_grafts(change.engine, driver)
        if len(log) < 3 * SLICE:
            continue
        assert take_in(lane, log) and take_in(lane, log)
        half = lane.processor.checkpoint.grafting
        assert half.head is not None
        missing = {piece for gap in half.head.gaps for piece in unpack(gap.pieces)}
        change.change(driver, change.shop.engine)
        while take_in(lane, log):
            pass
        change.change(driver, change.engine)
        left = {piece for gap in fillable(lane.processor.checkpoint) for piece in unpack(gap.pieces) if not gap.begin}
        assert not left & (missing - change.shop.engine.pieces)
        return
    pytest.fail("no run of several slices")
