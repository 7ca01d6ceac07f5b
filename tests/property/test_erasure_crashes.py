"""Erasures through batches, partitions and crashes: the record goes once, nothing of it comes back, nothing is left."""

import pytest

from pipeline.runtime.grave import GRAVE_PREFIX
from pipeline.runtime.partition import STEPS
from pipeline.runtime.shopper_settings import Settings
from tests.support.road import Shop, letters, said
from tests.support.topology_driver import AgentDriver, decisions

SETTINGS = Settings(3, None, timers=4, cache_bytes=2_000)


def graves(driver: AgentDriver) -> dict[bytes, bytes]:
    """Of all partitions, as a restore from the changelog alone finds them."""
    found: dict[bytes, bytes] = {}
    for record in driver.broker.all("shopper-changelog"):
        if (record.key or b"").startswith(GRAVE_PREFIX):
            found[record.key or b""] = record.value or b""
    return found


def left_of_the_dead(driver: AgentDriver) -> list[object]:
    """Entries of the due-time index, and rows, of shoppers of whom there is no record."""
    found: list[object] = []
    for lane in driver.lanes:
        known = {key for key, _ in lane.state.scan()}
        found += [entry for entry in lane.state.due(1 << 60, 10**6) if entry[1] not in known]
    return found


@pytest.mark.parametrize("seed", range(12))
def test_batches_and_partitions_change_nothing(seed: int) -> None:
    shop = Shop(seed, ends=True)
    lines, state = shop.alone()
    order = shop.interleaved()
    driver = shop.road(order, 1 + seed % 3, SETTINGS, lambda: 1 + seed % 17)
    driver.run()
    assert said(driver.broker) == lines
    assert driver.state() == state
    ids = [decision["id"] for decision in decisions(driver.broker)]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize("wipe", [False, True], ids=["disk kept", "disk lost"])
@pytest.mark.parametrize("side", ["before", "after"])
@pytest.mark.parametrize("step", STEPS)
def test_a_crash_around_an_erasure_changes_nothing(step: str, side: str, wipe: bool) -> None:
    for seed in range(2):
        shop = Shop(seed, ends=True)
        order = shop.interleaved()
        smooth = shop.road(order, 1, SETTINGS, lambda: 17)
        smooth.run()
        assert graves(smooth)
        for nth in (1, 3, 6):
            driver = shop.road(order, 1, SETTINGS, lambda: 17)
            assert driver.run_with_crash(driver.lanes[0], f"{side} {step}", nth, wipe)
            assert list(decisions(driver.broker)) == list(decisions(smooth.broker))
            assert driver.state() == smooth.state()
            assert graves(driver) == graves(smooth)
            assert letters(driver) == letters(smooth)
            assert driver.lanes[0].processor.checkpoint == smooth.lanes[0].processor.checkpoint
            assert left_of_the_dead(driver) == left_of_the_dead(smooth) == []
