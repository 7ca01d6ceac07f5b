"""What all partitions of a process share has a bound, however many are open and whatever they do."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from agents.local_state import LocalState
from pipeline.observability.partition_watch import MemoryUse
from pipeline.runtime.ports import Checkpoint, StatePartition, StateWrite
from pipeline.state.rocks_memory import MIB, RocksSettings
from tests.support.worker_process import eventually

PARTITIONS = 64
BUDGET = 32 * MIB
RECORD = bytes(4_000)
BATCH = 50


@pytest.fixture
def local() -> Iterator[LocalState]:
    """In memory where there is room: what is asked is not how fast a disk is."""
    place = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(dir=place) as folder:
        yield LocalState(Path(folder), RocksSettings.shared(4 * MIB, BUDGET, PARTITIONS))


@pytest.fixture
def states(local: LocalState) -> Iterator[list[StatePartition]]:
    opened = [local.open_state(partition) for partition in range(PARTITIONS)]
    yield opened
    for state in opened:
        state.close()


def uses(local: LocalState) -> dict[str, MemoryUse]:
    return {each.use: each for each in local.memory()}


def write(state: StatePartition, number: int) -> list[bytes]:
    """A batch of new records; their keys."""
    keys = [b"u%d-%d" % (number, each) for each in range(BATCH)]
    values = [(key, RECORD) for key in keys]
    state.write(StateWrite(values, number, Checkpoint(next_offset=number), [(number, key) for key in keys]))
    return keys


def settle(local: LocalState) -> None:
    """Memtables come to be within their budget without a further write: a machine with other work writes out late."""
    eventually("write buffers are within their bound", lambda: uses(local)["write_buffers"].used <= BUDGET, 30)


def test_many_partitions_stay_within_the_bounds_of_one(local: LocalState, states: list[StatePartition]) -> None:
    """With write buffers as large as those of a few partitions, the least that 64 of them took was nearly three times
    the budget of all, and each batch was written out as a file of its own."""
    assert uses(local)["write_buffers"].used < BUDGET / 8
    # Given several times as much written as write buffers may hold, to all partitions in turn
    most = {"block_cache": 0, "write_buffers": 0}
    written = []
    for number in range(10):
        written.append([write(state, number) for state in states])
        # When it is read again too, from tables and memtables
        for state, keys in zip(states, written[number // 2], strict=True):
            assert None not in state.get_many(keys)
        for use in local.memory():
            most[use.use] = max(most[use.use], use.used)
        settle(local)
    # Then neither grew past its bound, but for what is written while memtables are being written out
    assert BUDGET / 2 < most["write_buffers"] <= 2 * BUDGET
    assert 0 < most["block_cache"] <= 4 * MIB
    # And memtables are written out when they have something in them, not with each batch
    tables = sum(1 for _ in local._store.path("0").parent.rglob("*.sst"))
    assert 0 < tables < 10 * PARTITIONS / 2
    # When all but one are idle from here on, with something in their memtables
    for number in range(10, 200):
        write(states[0], number)
        # Then the busy one is not held up, and stays within what there is
        settle(local)


def test_a_budget_is_shared_out_by_the_number_of_partitions() -> None:
    few, many = RocksSettings.shared(128 * MIB, 64 * MIB, 4), RocksSettings.shared(128 * MIB, 64 * MIB, 256)
    assert (few.write_buffers, few.write_buffer) == (64 * MIB, 8 * MIB)
    assert (many.write_buffers, many.write_buffer) == (64 * MIB, MIB // 4)
    assert RocksSettings.shared(MIB, MIB, 256).write_buffers == 16 * MIB
