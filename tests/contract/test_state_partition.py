"""The contract of a state partition, over every store that claims to be one."""

from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from pipeline.domain.shopper import Shopper
from pipeline.runtime.checkpoint import CHECKPOINT_KEY, encode_checkpoint
from pipeline.runtime.ports import Checkpoint, Record, StateError, StatePartition, StateWrite
from pipeline.state.changelog import Follow, Restore, rebuild_due
from pipeline.state.memory import MemoryPartition
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore

CODEC = RecordCodec()


@pytest.fixture(params=["memory", "rocksdb"])
def state(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StatePartition]:
    partition: StatePartition = MemoryPartition() if request.param == "memory" else RocksStore(tmp_path).open("0")
    yield partition
    partition.close()


def put(state: StatePartition, *pairs: tuple[bytes, bytes | None]) -> None:
    state.write(StateWrite(list(pairs), 0))


def due_at(due: int) -> bytes:
    return CODEC.encode(Shopper(due=due))


def test_a_new_partition_is_empty(state: StatePartition) -> None:
    assert state.get_many([b"ann", b"bob"]) == [None, None]
    assert list(state.scan()) == []
    assert state.due(10**15, 10) == []
    assert state.checkpoint() == Checkpoint()
    assert state.changelog_offset() == -1


def test_values_come_back_in_the_order_asked_for(state: StatePartition) -> None:
    put(state, (b"ann", b"1"), (b"bob", b"2"))
    assert state.get_many([b"bob", b"zoe", b"ann", b"bob"]) == [b"2", None, b"1", b"2"]
    assert state.get_many([]) == []


def test_a_value_is_replaced_and_deleted(state: StatePartition) -> None:
    put(state, (b"ann", b"1"), (b"bob", b"2"))
    put(state, (b"ann", b"3"), (b"bob", None), (b"nobody", None))
    assert list(state.scan()) == [(b"ann", b"3")]


def test_keys_are_any_bytes(state: StatePartition) -> None:
    keys = [b"", b"\x00", b"a\x00b", b"m|checkpoint", b"s|", b"t|", "é".encode(), b"\xff\xff"]
    put(state, *((key, b"v" + key) for key in keys))
    assert state.get_many(keys) == [b"v" + key for key in keys]
    # What begins with a zero byte is ours, and no shopper; nobody has an empty id.
    assert list(state.scan()) == sorted((key, b"v" + key) for key in keys if key[:1] > b"\x00")
    assert state.values(None, 20) == list(state.scan())


def test_scans_pass_graves_over_and_find_the_end_behind_them(state: StatePartition) -> None:
    put(state, (b"\x00erased/0", b"g"), (b"\x00erased/1", b"g"))
    assert list(state.scan()) == state.values(None, 5) == []
    assert state.get_many([b"\x00erased/1"]) == [b"g"]


def test_an_empty_value_is_a_value(state: StatePartition) -> None:
    put(state, (b"ann", b""))
    assert state.get_many([b"ann"]) == [b""]


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_values_go_on_behind_a_key(state: StatePartition, limit: int) -> None:
    # given keys that begin with one another, and due entries beside them
    pairs = sorted((key, b"v" + key) for key in (b"a", b"a\x00", b"a\x00\x00", b"b", b"m|checkpoint", b"\xff\xff"))
    state.write(StateWrite(pairs, 0, Checkpoint(), [(1, key) for key, _ in pairs]))
    # when they are read, some at a time, each time behind the last one
    found: list[tuple[bytes, bytes]] = []
    while chunk := state.values(found[-1][0] if found else None, limit):
        assert len(chunk) <= limit
        found.extend(chunk)
    # then each comes once, in order; and a key need not be there to go on behind it
    assert found == pairs
    assert state.values(b"a\x00z", 100) == pairs[3:]
    assert state.values(None, 0) == []


def test_values_are_those_of_now(state: StatePartition) -> None:
    put(state, (b"b", b"1"), (b"d", b"1"))
    assert state.values(None, 10) == [(b"b", b"1"), (b"d", b"1")]
    put(state, (b"a", b"2"), (b"b", b"2"), (b"c", b"2"), (b"d", None))
    assert state.values(None, 10) == [(b"a", b"2"), (b"b", b"2"), (b"c", b"2")]
    put(state, (b"c", None), (b"e", b"3"))
    assert state.values(b"a", 10) == [(b"b", b"2"), (b"e", b"3")]


def test_due_entries_come_in_order_of_due_and_key(state: StatePartition) -> None:
    state.write(
        StateWrite([], 0, None, [(300, b"a"), (100, b"b"), (100, b"a"), (70_000, b"c"), (2**40, b"d"), (0, b"z")])
    )
    ordered = [(0, b"z"), (100, b"a"), (100, b"b"), (300, b"a"), (70_000, b"c"), (2**40, b"d")]
    assert state.due(2**41, 10) == ordered
    assert state.due(300, 10) == ordered[:4]
    assert state.due(299, 10) == ordered[:3]
    assert state.due(2**41, 2) == ordered[:2]
    assert state.due(2**41, 0) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_due_goes_on_behind_an_entry(state: StatePartition, limit: int) -> None:
    entries = sorted((due, key) for due in (5, 60_000, 60_001, 200_000) for key in (b"a", b"a\x00", b"b", b""))
    state.write(StateWrite([], 0, None, entries))
    found: list[tuple[int, bytes]] = []
    while chunk := state.due(10**9, limit, found[-1] if found else None):
        found.extend(chunk)
    assert found == entries
    assert state.due(10**9, 100, (60_000, b"zz")) == [one for one in entries if one > (60_000, b"zz")]


def test_due_entries_are_dropped_before_others_are_added(state: StatePartition) -> None:
    state.write(StateWrite([], 0, None, [(100, b"a"), (200, b"a")]))
    state.write(
        StateWrite([], 1, None, due_added=[(100, b"a")], due_dropped=[(100, b"a"), (200, b"a"), (300, b"never")])
    )
    assert state.due(1_000, 10) == [(100, b"a")]


def test_adding_an_entry_twice_is_adding_it_once(state: StatePartition) -> None:
    for _ in range(2):
        state.write(StateWrite([], 0, None, [(100, b"a")]))
    assert state.due(1_000, 10) == [(100, b"a")]


def test_the_checkpoint_stays_until_it_is_replaced(state: StatePartition) -> None:
    checkpoint = Checkpoint(next_offset=7, sources={0: 5, 3: 9}, first_progress=5, time=5)
    state.write(StateWrite([], 12, checkpoint))
    state.write(StateWrite([(b"ann", b"1")], 13))
    assert state.checkpoint() == checkpoint
    assert state.changelog_offset() == 13


def test_a_checkpoint_is_not_shared_with_the_caller(state: StatePartition) -> None:
    given = Checkpoint(sources={0: 1})
    state.write(StateWrite([], 0, given))
    given.sources[0] = 2
    state.checkpoint().sources[0] = 3
    assert state.checkpoint().sources == {0: 1}


def test_the_due_index_can_be_made_anew(state: StatePartition) -> None:
    put(state, (b"ann", due_at(500)), (b"bob", due_at(0)), (b"cleo", due_at(90_000)))
    state.write(StateWrite([], 1, None, [(1, b"gone"), (700, b"ann")]))
    rebuild_due(state, CODEC)
    assert state.due(10**9, 10) == [(500, b"ann"), (90_000, b"cleo")]


def test_stats_tell_of_keys(state: StatePartition) -> None:
    put(state, *((b"%d" % number, b"x" * 100) for number in range(50)))
    stats = state.stats()
    assert stats.keys >= 50
    assert stats.disk + stats.memory >= 5_000


def test_a_closed_partition_refuses(state: StatePartition) -> None:
    put(state, (b"ann", b"1"))
    state.close()
    state.close()
    calls: list[Callable[[], object]] = [
        lambda: state.get_many([b"ann"]),
        lambda: put(state, (b"ann", b"2")),
        lambda: state.due(1, 1),
        lambda: list(state.scan()),
        lambda: state.values(None, 1),
        lambda: state.checkpoint(),
        lambda: state.stats(),
    ]
    for call in calls:
        with pytest.raises(StateError):
            call()


def test_restoring_takes_the_latest_of_each_key_and_the_checkpoint(state: StatePartition) -> None:
    checkpoint = Checkpoint(next_offset=40, sources={0: 3}, time=3)
    records = [
        Record(0, 0, CHECKPOINT_KEY, encode_checkpoint(Checkpoint(next_offset=0))),
        Record(2, 0, b"ann", due_at(100)),
        Record(3, 0, b"bob", due_at(200)),
        Record(4, 0, b"ann", due_at(300)),
        Record(5, 0, b"cleo", due_at(0)),
        Record(7, 0, b"bob", None),
        Record(8, 0, CHECKPOINT_KEY, encode_checkpoint(checkpoint)),
    ]
    restore = Restore(state, CODEC)
    assert restore.next_offset == 0
    restore.apply(records)
    assert list(state.scan()) == [(b"ann", due_at(300)), (b"cleo", due_at(0))]
    assert state.due(10**9, 10) == [(300, b"ann")]
    assert state.checkpoint() == checkpoint
    assert (restore.next_offset, restore.records) == (9, 7)


@pytest.mark.parametrize("size", [1, 2, 3])
def test_restoring_in_pieces_or_twice_ends_in_the_same(state: StatePartition, size: int) -> None:
    records = [Record(offset, 0, b"k%d" % (offset % 3), due_at(100 + offset)) for offset in range(9)]
    restore = Restore(state, CODEC)
    for begin in [*range(0, 9, size), *range(0, 9, size)]:
        restore.apply(records[begin : begin + size])
    assert list(state.scan()) == [(b"k0", due_at(106)), (b"k1", due_at(107)), (b"k2", due_at(108))]
    for due, key in [(106, b"k0"), (107, b"k1"), (108, b"k2")]:
        assert any(entry[1] == key and entry[0] <= due for entry in state.due(due, 100))
    restore.apply([])
    assert restore.next_offset == 9


@pytest.mark.parametrize("size", [1, 4, 30])
def test_following_leaves_no_entry_of_a_superseded_value(state: StatePartition, size: int) -> None:
    # given shoppers whose due time moves on and back, goes and comes
    choose = Random(size)
    values = [due_at(choose.choice([0, 100, 200, 300, 400])) for _ in range(120)]
    records = [Record(offset, 0, b"k%d" % choose.randrange(7), value) for offset, value in enumerate(values)]
    records.append(Record(120, 0, b"k0", None))
    # when they are followed, batch by batch
    following = Follow(state, CODEC)
    for begin in range(0, len(records), size):
        following.apply(records[begin : begin + size])
    # then the values are the last ones, and the index is what one made from them would be
    last = {record.key: record.value for record in records}
    assert dict(state.scan()) == {key: value for key, value in last.items() if value is not None}
    followed = state.due(10**9, 1_000)
    rebuild_due(state, CODEC)
    assert followed == state.due(10**9, 1_000)
    assert following.next_offset == 121
