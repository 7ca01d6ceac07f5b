"""A changed topology over random topologies and streams: whether the sweep, an event or a timer comes to a shopper
first, and whatever crashes on the way, the same is decided, once.

AFTERCLICK_SEEDS sets how many seeds are tried.
"""

import os
from collections.abc import Callable
from dataclasses import replace
from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.decision import MESSAGE_TOPICS, MESSAGES
from pipeline.domain.event import Event
from pipeline.runtime.partition import STEPS
from pipeline.runtime.ports import SHOPPER_EVENTS
from pipeline.runtime.shopper_settings import Settings
from tests.support.memory_broker import Crash, crash_at
from tests.support.road import Shop, draw_plan, letters, said
from tests.support.topology_driver import CODEC, AgentDriver, Lane, decisions, send_progress, shopper_fold

DAY = 86_400_000

SEEDS = range(int(os.environ.get("AFTERCLICK_SEEDS", "40")))

SETTINGS = Settings(3, None, timers=4, cache_bytes=2_000, sweep=2)


class Change:
    """A shop whose topology is another one for the second half of its history."""

    def __init__(self, seed: int) -> None:
        self.shop = Shop(seed)
        self.order = self.shop.interleaved()
        plan = draw_plan(self.shop.random)
        aloud = Random(seed)
        segments = tuple(replace(one, loud=aloud.random() < 0.5) for one in plan.segments)
        self.engine = Engine(replace(plan, segments=segments))
        self.loud = {one.name for one in segments if one.loud}
        self.pause = self.shop.random.choice([1, DAY, 10 * DAY])

    def before(self, partitions: int = 1) -> AgentDriver:
        """The first half is taken, and its timers have fired; the second half waits, under the new topology."""
        half = len(self.order) // 2
        driver = self.shop.road(self.order[:half], partitions, SETTINGS, lambda: 7)
        driver.run()
        # Some time later, so that it finds shoppers whom nothing has happened to for a while.
        self.since = self.pause + max(one if isinstance(one, int) else one.received for _, one in self.order[:half])
        for source in range(3):
            send_progress(driver.broker, source, self.since)
        driver.run()
        for _, one in self.order[half:]:
            if isinstance(one, Event):
                driver.broker.append(SHOPPER_EVENTS, one.shopper.encode(), msgspec.json.encode(one))
        for source in range(3):
            send_progress(driver.broker, source, self.shop.until)
        driver.fold = shopper_fold(self.engine, SETTINGS)
        for lane in driver.lanes:
            lane.open()
        return driver

    def outcome(self, driver: AgentDriver) -> Any:
        """What has been decided and kept; every record is of the new topology, and no decision is there twice."""
        assert {CODEC.plan(value) for value in driver.state().values()} <= {self.engine.digest}
        ids = [decision["id"] for decision in decisions(driver.broker)]
        assert len(ids) == len(set(ids))
        changes = [one for one in decisions(driver.broker) if one["cause_kind"] == "definition_change"]
        assert all(one["effective_at"] >= self.since for one in changes)
        # What waits for a message that is gone ends silently.
        assert not [one for one in changes if one["topic"] == MESSAGES and one["silent"]]
        asked = [one for one in changes if one["topic"] in MESSAGE_TOPICS and not one["silent"]]
        assert all(
            one["silent"] is (one["fields"].get("segment") not in self.loud) for one in changes if one not in asked
        )
        # Only a change that is told aloud asks for messages.
        assert self.loud or not asked
        assert all(
            one["fields"]["payload"]["segment"]["segment"] in self.loud for one in asked if one["topic"] == MESSAGES
        )
        return said(driver.broker), driver.state(), letters(driver)


def sweep(driver: AgentDriver) -> None:
    for lane in driver.lanes:
        while lane.sweep():
            pass


def events_first(driver: AgentDriver) -> None:
    driver.run()
    sweep(driver)


def sweep_first(driver: AgentDriver) -> None:
    sweep(driver)
    driver.run()


@pytest.mark.parametrize("seed", SEEDS)
def test_it_does_not_matter_who_comes_first(seed: int) -> None:
    change = Change(seed)
    random = change.shop.random

    def by_turns(driver: AgentDriver) -> None:
        lanes = list(driver.lanes)
        while lanes:
            lane = random.choice(lanes)
            if not (lane.sweep() if random.random() < 0.5 else lane.poll(random.randint(1, 5))):
                lanes.remove(lane)
        sweep_first(driver)

    roads: list[Callable[[AgentDriver], None]] = [events_first, sweep_first, by_turns, by_turns]
    outcomes = []
    for road in roads:
        driver = change.before(random.choice([1, 2]))
        road(driver)
        outcomes.append(change.outcome(driver))
        _assert_nothing_is_left(driver)
    assert all(outcome == outcomes[0] for outcome in outcomes)


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk lost"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS[2:])
def test_a_crash_within_the_sweep_changes_nothing(step: str, side: str, wipe: bool) -> None:
    tried = 0
    for seed in range(20):
        change = Change(seed)
        smooth = change.before()
        sweep_first(smooth)
        slices = sum(counts.swept > 0 for counts in smooth.counts)
        told = any(one["cause_kind"] == "definition_change" for one in decisions(smooth.broker))
        if slices < 3 or not told:
            continue
        tried += 1
        for nth in range(1, slices):
            driver = change.before()
            lane = driver.lanes[0]
            lane.at = crash_at(f"{side} {step}", nth)
            with pytest.raises(Crash):
                sweep(driver)
            lane.at = lambda now: None
            lane.open(wipe)
            sweep_first(driver)
            assert change.outcome(driver) == change.outcome(smooth)
            assert lane.processor.checkpoint == smooth.lanes[0].processor.checkpoint
        if tried == 3:
            return
    pytest.fail("too few changes of several slices")


def test_another_topology_within_the_sweep_begins_it_anew() -> None:
    change = Change(1)
    driver = change.before()
    lane = driver.lanes[0]
    assert lane.sweep()
    first = lane.processor.checkpoint.sweep
    assert first.looked_at == SETTINGS.sweep and not first.done
    # when the old topology comes back before all were looked at
    driver.fold = shopper_fold(change.shop.engine, SETTINGS)
    lane.open()
    assert lane.sweep()
    second = lane.processor.checkpoint.sweep
    assert (second.plan, second.looked_at) == (change.shop.engine.digest, SETTINGS.sweep)
    sweep(driver)
    assert {CODEC.plan(value) for value in driver.state().values()} == {change.shop.engine.digest}
    # then it ends with all of them, and a restart looks at none again
    done = lane.processor.checkpoint.sweep
    assert done.done and done.looked_at == len(driver.state())
    lane.open()
    assert not lane.sweep()
    assert lane.processor.checkpoint.sweep == done


def _assert_nothing_is_left(driver: AgentDriver) -> None:
    """Of what is due there is an entry in the index, and nothing is due by the time that has been reached."""
    for lane in driver.lanes:
        _assert_armed(lane)


def _assert_armed(lane: Lane) -> None:
    entries: dict[bytes, int] = {}
    for due, key in lane.state.due(10**15, 10**6):
        entries.setdefault(key, due)
    for key, value in lane.state.scan():
        due = CODEC.due(value)
        assert not due or (due > lane.processor.checkpoint.time and entries[key] <= due)
