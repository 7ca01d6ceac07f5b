"""The caches of all partitions stay within one budget, however many there are and whatever comes in one batch."""

from pipeline.domain.shopper import Shopper
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.overlay import ENTRY_BYTES, Overlay
from pipeline.runtime.ports import StateWrite
from pipeline.state.memory import MemoryPartition
from pipeline.state.record import RecordCodec

CODEC = RecordCodec()
VALUE = CODEC.encode(Shopper())
ENTRY = len(VALUE) + ENTRY_BYTES


def overlay(budget: CacheBudget, shoppers: int = 1_000) -> Overlay:
    """Over a partition that knows so many shoppers."""
    state = MemoryPartition()
    state.write(StateWrite([(key(number), VALUE) for number in range(shoppers)], 0))
    return Overlay(state, CODEC, budget)


def key(number: int) -> bytes:
    return b"u%05d" % number


def take(overlay: Overlay, first: int, end: int) -> tuple[int, int]:
    """One batch that looks at these shoppers and changes none; hits and misses of the cache."""
    overlay.load(map(key, range(first, end)))
    counts = overlay.take_counts()
    overlay.keep()
    return counts


def test_partitions_share_the_budget_and_stay_within_it() -> None:
    # Given a budget of 1,200 records
    budget = CacheBudget(1_200 * ENTRY)
    alone = overlay(budget)
    for start in range(0, 1_000, 100):
        take(alone, start, start + 100)
    full = budget.used()
    assert 500 * ENTRY <= full <= budget.total
    # When three more partitions come, each takes its share, and the first one makes room with its next batch
    others = [overlay(budget) for _ in range(3)]
    for each in (alone, *others):
        for start in range(0, 1_000, 50):
            take(each, start, start + 50)
    # Then all of them together are within it, and every one has something
    assert budget.share() == budget.total // 4
    assert all(each.cached_bytes > 0 for each in (alone, *others))
    assert budget.used() <= budget.total
    # And when they have gone, the first one may have all of it again
    others.clear()
    del each
    assert budget.share() == budget.total


def test_a_batch_larger_than_the_cache_leaves_its_latest_records_there() -> None:
    budget = CacheBudget(100 * ENTRY)
    one = overlay(budget)
    take(one, 0, 1_000)
    assert one.cached_bytes <= budget.total
    assert take(one, 950, 1_000) == (50, 0)
    assert take(one, 0, 50) == (0, 50)


def test_without_a_budget_nothing_is_cached() -> None:
    one = overlay(CacheBudget(0))
    take(one, 0, 10)
    assert one.cached_bytes == 0
    assert take(one, 0, 10) == (0, 10)
