"""What only a store on disk has to do: come back, lock, release, and say what is wrong."""

from pathlib import Path

import pytest

from pipeline.runtime.ports import Checkpoint, StateCorrupt, StateError, StateFormatError, StateLocked, StateWrite
from pipeline.state.rocks_memory import RocksSettings
from pipeline.state.rocksdb import RocksStore

SMALL = RocksSettings(cache=1 << 20, write_buffers=1 << 20, write_buffer=1 << 16)


@pytest.fixture
def store(tmp_path: Path) -> RocksStore:
    return RocksStore(tmp_path / "not" / "there" / "yet", SMALL)


HOUR = 3_600_000


def test_everything_is_there_after_reopening(store: RocksStore) -> None:
    checkpoint = Checkpoint(next_offset=5, sources={1: 2}, first_progress=1, time=2)
    first = store.open("shopper-0")
    first.write(StateWrite([(b"ann", b"1")], 44, checkpoint, [(10, b"ann")]))
    first.close()

    second = store.open("shopper-0")
    assert second.get_many([b"ann"]) == [b"1"]
    assert second.due(10, 1) == [(10, b"ann")]
    assert second.checkpoint() == checkpoint
    assert second.changelog_offset() == 44
    second.close()


def test_a_write_is_there_without_a_clean_close(store: RocksStore, tmp_path: Path) -> None:
    first = store.open("0")
    first.write(StateWrite([(b"ann", b"1")], 1, Checkpoint(next_offset=1)))
    copy = tmp_path / "copy"
    copy.mkdir()
    for file in store.path("0").iterdir():
        if file.name != "LOCK":
            (copy / file.name).write_bytes(file.read_bytes())

    second = RocksStore(tmp_path, SMALL).open("copy")
    assert second.get_many([b"ann"]) == [b"1"]
    assert second.checkpoint().next_offset == 1
    first.close()
    second.close()


def test_partitions_of_a_store_are_apart(store: RocksStore) -> None:
    one, two = store.open("0"), store.open("1")
    one.write(StateWrite([(b"ann", b"1")], 0))
    assert two.get_many([b"ann"]) == [None]
    assert store.memory.buffered() > 0
    one.close()
    two.close()


def test_an_open_partition_is_locked_and_says_so(store: RocksStore) -> None:
    partition = store.open("0")
    with pytest.raises(StateLocked, match="another worker"):
        store.open("0")
    partition.close()
    store.open("0").close()


def test_closing_ends_scans_that_are_open(store: RocksStore) -> None:
    partition = store.open("0")
    partition.write(StateWrite([(b"a", b"1"), (b"b", b"2")], 0, None, [(1, b"a"), (2, b"b")]))
    scan = partition.scan()
    assert next(scan) == (b"a", b"1")
    assert partition.due(5, 1) == [(1, b"a")]
    partition.close()
    assert list(scan) == []
    store.open("0").close()


def test_damaged_files_are_told_and_can_be_set_aside(store: RocksStore) -> None:
    partition = store.open("0")
    partition.write(StateWrite([(b"ann", b"1")], 0))
    partition.close()
    manifest = next(store.path("0").glob("MANIFEST-*"))
    manifest.write_bytes(b"\xff" * 100)

    with pytest.raises(StateCorrupt, match="damaged"):
        store.open("0")
    aside = store.quarantine("0")
    assert aside.name == "0.corrupt-1"
    assert any(aside.glob("MANIFEST-*"))
    fresh = store.open("0")
    assert fresh.get_many([b"ann"]) == [None]
    assert fresh.changelog_offset() == -1
    fresh.close()


def test_another_layout_is_refused_and_the_lock_given_back(store: RocksStore, monkeypatch: pytest.MonkeyPatch) -> None:
    store.open("0").close()
    monkeypatch.setattr("pipeline.state.rocksdb.LAYOUT", b"2")
    for _ in range(2):
        with pytest.raises(StateFormatError, match="layout"):
            store.open("0")


@pytest.mark.parametrize(
    "broken",
    [
        StateWrite([(b"ann", b"new"), (b"bob", 5)], 9, Checkpoint(next_offset=9), [(1, b"x")]),  # type: ignore[list-item]
        StateWrite([(b"ann", b"new")], 9, Checkpoint(next_offset=9), [(2, b"y"), ("no", b"x")]),  # type: ignore[list-item]
    ],
)
def test_a_write_that_fails_leaves_nothing(store: RocksStore, broken: StateWrite) -> None:
    state = store.open("0")
    state.write(StateWrite([(b"ann", b"old")], 0))
    with pytest.raises(Exception):  # noqa: B017  # whatever the store says of it
        state.write(broken)
    assert state.get_many([b"ann", b"bob"]) == [b"old", None]
    assert state.due(10, 10) == []
    assert state.checkpoint() == Checkpoint()
    assert state.changelog_offset() == 0
    state.close()


def test_a_path_that_is_no_directory_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="file"):
        RocksStore(tmp_path / "file", SMALL).open("0")


def test_it_remembers_when_it_was_last_complete(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def at(hour: int) -> None:
        monkeypatch.setattr("pipeline.state.rocksdb.time.time_ns", lambda: hour * HOUR * 1_000_000)

    store = RocksStore(tmp_path)
    state = store.open("0")
    assert state.complete_at() == 0
    # given a restore from scratch: what it reads is as of its beginning
    at(10)
    state.write(StateWrite([(b"ann", b"1")], 0, complete=False))
    at(11)
    state.write(StateWrite([(b"bob", b"1")], 1, complete=False))
    assert state.complete_at() == 10 * HOUR
    # when it is at the end, and works on
    at(12)
    state.write(StateWrite([], 1))
    assert state.complete_at() == 12 * HOUR
    state.close()
    # then another life's restore changes nothing of that before its end
    at(30)
    again = store.open("0")
    again.write(StateWrite([(b"ann", b"2")], 2, complete=False))
    assert again.complete_at() == 12 * HOUR
    again.close()
