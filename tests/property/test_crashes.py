"""A crash at each step of a batch, before and after it, with the local state kept or lost: nothing is lost, doubled or
changed. Every row of docs/failure-scenarios.md that is about one worker."""

import msgspec
import pytest

from pipeline.domain.event import Event
from pipeline.runtime.partition import STEPS
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch
from pipeline.runtime.shopper_settings import Settings
from tests.support.fake_engine import FakeEngine
from tests.support.memory_broker import Crash, MemoryBroker
from tests.support.road import Shop, letters, said
from tests.support.topology_driver import AgentDriver, decisions, send_progress, shopper_driver

START = 1_767_434_400_000

SETTINGS = Settings(3, None, timers=4, cache_bytes=2_000)


def ids(driver: AgentDriver) -> list[str]:
    return [decision["id"] for decision in decisions(driver.broker)]


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk lost"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_at_any_step_changes_nothing(step: str, side: str, wipe: bool) -> None:
    for seed in range(3):
        shop = Shop(seed)
        order = shop.interleaved()
        smooth = shop.road(order, 1, SETTINGS, lambda: 17)
        smooth.run()
        for nth in (1, 2, 4, 7):
            driver = shop.road(order, 1, SETTINGS, lambda: 17)
            assert driver.run_with_crash(driver.lanes[0], f"{side} {step}", nth, wipe)
            assert ids(driver) == ids(smooth)
            assert list(decisions(driver.broker)) == list(decisions(smooth.broker))
            assert driver.state() == smooth.state()
            assert letters(driver) == letters(smooth)
            assert driver.lanes[0].processor.checkpoint == smooth.lanes[0].processor.checkpoint


@pytest.mark.parametrize("seed", range(10))
def test_crash_after_crash_ends_the_same(seed: int) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    draw = shop.random
    driver = shop.road(shop.interleaved(), 2, SETTINGS, lambda: draw.randint(1, 20))

    def at(step: str) -> None:
        if draw.random() < 0.03:
            raise Crash

    crashes = 0
    for lane in driver.lanes:
        lane.at = at
    while True:
        try:
            driver.run()
            break
        except Crash:
            crashes += 1
            for lane in driver.lanes:
                lane.at = lambda step: None
                lane.open(wipe=draw.random() < 0.5)
                lane.at = at
    assert crashes
    assert said(driver.broker) == lines
    assert driver.state() == state
    assert len(ids(driver)) == len(set(ids(driver)))


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk lost"])
def test_timers_left_by_a_crash_fire_without_waiting_for_a_record(wipe: bool) -> None:
    # The last record of a history moves time past five timers; the crash comes between two rounds of them.
    broker = MemoryBroker()
    for number in range(5):
        event = Event("track", "X", f"u{number}", START + number, START + number, f"m{number}")
        broker.append(SHOPPER_EVENTS, event.shopper.encode(), msgspec.json.encode(event))
    send_progress(broker, 0, START + 9_000)
    driver = shopper_driver(broker, FakeEngine(1_000), Settings(1, None, timers=2))
    lane = driver.lanes[0]
    assert not lane.processor.process(Batch(driver.source, 0, -1, broker.read(driver.source, 0))).finished
    assert lane.processor.next_offset == 6
    lane.open(wipe)
    lane.catch_up()
    quiet = [decision["shopper"] for decision in decisions(broker) if decision["type"] == "quiet"]
    assert quiet == ["u0", "u1", "u2", "u3", "u4"]


def test_timers_left_by_a_rebalance_fire_when_the_partition_comes_back() -> None:
    # The rebalance came between two rounds of timers, and the partition stayed where it was: nothing is restored.
    broker = MemoryBroker()
    for number in range(5):
        event = Event("track", "X", f"u{number}", START + number, START + number, f"m{number}")
        broker.append(SHOPPER_EVENTS, event.shopper.encode(), msgspec.json.encode(event))
    send_progress(broker, 0, START + 9_000)
    driver = shopper_driver(broker, FakeEngine(1_000), Settings(1, None, timers=2))
    lane = driver.lanes[0]
    assert not lane.processor.process(Batch(driver.source, 0, -1, broker.read(driver.source, 0))).finished
    lane.catch_up()
    quiet = [decision["shopper"] for decision in decisions(broker) if decision["type"] == "quiet"]
    assert quiet == ["u0", "u1", "u2", "u3", "u4"]
