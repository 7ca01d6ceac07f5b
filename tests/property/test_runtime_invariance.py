"""What the runtime may never change: how records are cut into batches, rounds and partitions, how sources and shoppers
interleave, what is cached, which store it is, and who is poisoned beside; over random topologies and streams.

AFTERCLICK_SEEDS sets how many seeds are tried.
"""

import os
from functools import partial
from itertools import pairwise
from pathlib import Path

import pytest

from pipeline.domain.event import Event
from pipeline.runtime.partition import Discontinuity, PartitionProcessor
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, OutboxError
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.changelog import rebuild_due
from pipeline.state.memory import MemoryPartition
from pipeline.state.rocks_memory import RocksSettings
from pipeline.state.rocksdb import RocksStore
from tests.support.road import Shop, letters, said
from tests.support.topology_driver import CODEC

SEEDS = range(int(os.environ.get("AFTERCLICK_SEEDS", "40")))


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_rounds_partitions_interleaving_and_cache_change_nothing(seed: int) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    refused = None
    for _ in range(3):
        draw = shop.random
        timers, cache_bytes = draw.choice([1, 2, 5, 5_000]), draw.choice([0, 600, 10**6])
        settings = Settings(3, None, timers, timers_first=draw.random() < 0.5, cache_bytes=cache_bytes)
        largest = draw.choice([1, 3, 20, 1_000])
        driver = shop.road(shop.interleaved(), draw.choice([1, 2, 4]), settings, partial(draw.randint, 1, largest))
        driver.run()
        assert said(driver.broker) == lines
        assert driver.state() == state
        assert driver.total("raised") == 0
        assert refused in (None, letters(driver))
        refused = letters(driver)


@pytest.mark.parametrize("seed", SEEDS)
def test_no_timer_runs_ahead_of_a_source_that_lags(seed: int) -> None:
    # All of the first source and its end long before any of the others.
    shop = Shop(seed)
    lines, _ = shop.alone()
    order: list[tuple[int, Event | int]] = []
    for source, events in enumerate(shop.sources):
        order += [(source, one) for one in (*events, events[-1].received, shop.until)]
    driver = shop.road(order, 2)
    driver.run()
    assert said(driver.broker) == lines


@pytest.mark.parametrize("seed", SEEDS[::4])
def test_the_store_changes_nothing_and_its_due_index_is_what_its_values_ask_for(seed: int, tmp_path: Path) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    driver = shop.road(shop.interleaved(), 1, Settings(3, None, timers=7, cache_bytes=500), lambda: 11)
    store = RocksStore(tmp_path, RocksSettings(cache=1 << 20, write_buffers=1 << 20, write_buffer=1 << 16))
    lane = driver.lanes[0]
    lane.state = store.open("0")
    lane.open()
    for _ in range(4):
        lane.poll(11)
    lane.state.close()
    lane.state = store.open("0")
    lane.open()
    _assert_every_due_record_has_an_entry(lane.state)
    driver.run()
    assert said(driver.broker) == lines
    assert driver.state() == state
    _assert_every_due_record_has_an_entry(lane.state)
    lane.state.close()


def _assert_every_due_record_has_an_entry(state: object) -> None:
    """I4, as far as entries that are left where they are allow."""
    kept = state.due(2**60, 10**6)  # type: ignore[attr-defined]
    rebuilt = MemoryPartition()
    rebuilt.scan = state.scan  # type: ignore[attr-defined, method-assign]
    rebuild_due(rebuilt, CODEC)
    for due, key in rebuilt.due(2**60, 10**6):
        assert any(entry[1] == key and entry[0] <= due for entry in kept), (due, key)


@pytest.mark.parametrize("seed", SEEDS[::2])
def test_poison_beside_harms_nobody(seed: int) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    driver = shop.road(shop.interleaved(), 2)
    driver.run()
    without = len(letters(driver))
    poisoned = shop.road([], 2)
    junk = [(b"0-u1", b"{}"), (b"\xff", b"\xff"), (None, None), (b"\x00progress/1", b"[]"), (b"0-u2", b'{"type":5}')]
    sent = 0
    for partition in range(2):
        for record in driver.broker.read(SHOPPER_EVENTS, partition):
            if shop.random.random() < 0.3:
                key, value = shop.random.choice(junk)
                poisoned.broker.append(SHOPPER_EVENTS, key, value, partition=partition)
                sent += 1
            poisoned.broker.append(SHOPPER_EVENTS, record.key, record.value, partition=partition)
    poisoned.run()
    assert said(poisoned.broker) == lines
    assert poisoned.state() == state
    assert len(letters(poisoned)) == without + sent


@pytest.mark.parametrize("seed", SEEDS)
def test_batches_lost_repeated_or_swapped_on_their_way_are_noticed_and_fetched_again(seed: int) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    draw = shop.random
    driver = shop.road(shop.interleaved(), 1)
    lane = driver.lanes[0]
    records = driver.broker.read(SHOPPER_EVENTS, 0)
    cuts = sorted({0, len(records), *(draw.randrange(len(records)) for _ in range(8))})
    batches = [
        Batch(SHOPPER_EVENTS, 0, records[begin - 1].offset if begin else -1, records[begin:end])
        for begin, end in pairwise(cuts)
    ]
    delivered = [batch for batch in batches if draw.random() > 0.2]
    for _ in range(4):
        delivered.insert(draw.randrange(len(delivered) + 1), draw.choice(batches))
    refused = 0
    for batch in delivered:
        expected = lane.processor.next_offset
        try:
            _finish(lane.processor, batch)
            assert batch.follows == expected - 1
        except Discontinuity as gap:
            refused += 1
            assert gap.next_offset == lane.processor.next_offset == expected
            assert batch.follows != expected - 1
    lane.position = lane.processor.next_offset - 1
    driver.run()
    assert refused
    assert said(driver.broker) == lines
    assert driver.state() == state


@pytest.mark.parametrize("seed", SEEDS)
def test_transactions_that_fail_now_and_then_change_nothing(seed: int) -> None:
    shop = Shop(seed)
    lines, state = shop.alone()
    draw = shop.random
    driver = shop.road(shop.interleaved(), 2, Settings(3, None, timers=4))

    def trouble(call: str) -> None:
        if call in ("begin", "produce", "commit") and draw.random() < 0.1:
            raise OutboxError("broker is away")

    for lane in driver.lanes:
        lane.trouble = trouble
        driver.retry(lane, 13)
        lane.trouble = lambda call: None
        while not lane.processor.catch_up().finished:
            pass
    assert said(driver.broker) == lines
    assert driver.state() == state


def _finish(processor: PartitionProcessor[object], batch: Batch) -> None:
    while not processor.process(batch).finished:
        pass
