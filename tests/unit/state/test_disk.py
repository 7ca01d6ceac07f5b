"""A disk that does not take what it is given: told in a sentence, and what is there stays whole."""

import os
import resource
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from pipeline.runtime.ports import Checkpoint, StateCorrupt, StateError, StatePartition, StateWrite
from pipeline.state.rocks_memory import RocksSettings
from pipeline.state.rocksdb import RocksStore

SMALL = RocksSettings(cache=1 << 20, write_buffers=1 << 20, write_buffer=1 << 16)


def fill(state: StatePartition, writes: int = 2_000) -> int:
    """Write 2 kB records until it fails; how many were written."""
    for number in range(writes):
        try:
            state.write(StateWrite([(b"k%d" % number, os.urandom(2_000))], number, Checkpoint(next_offset=number)))
        except StateError:
            return number
    return writes


def assert_whole(store: RocksStore, written: int) -> None:
    """What the store has is a beginning of what was written, values and offsets together."""
    state = store.open("0")
    last = state.changelog_offset()
    # The write that failed may be there after all: the log took it, or did not.
    assert last <= written
    assert state.checkpoint().next_offset == last
    assert sum(1 for _ in state.scan()) == last + 1
    state.write(StateWrite([(b"more", b"1")], written + 1))
    state.close()


@contextmanager
def file_limit(size: int) -> Iterator[None]:
    """No file may grow beyond `size` bytes."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_file_that_may_not_grow_is_told_and_what_was_written_stays_whole(tmp_path: Path) -> None:
    store = RocksStore(tmp_path, SMALL)
    state = store.open("0")
    with file_limit(200_000):
        written = fill(state)
        with pytest.raises(StateError, match="may not grow"):
            state.write(StateWrite([(b"x", b"y")], written))
        state.close()
    assert written < 2_000
    assert_whole(store, written)


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    disk = tmp_path / "disk"
    disk.mkdir()
    mount = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True, check=False)
    if mount.returncode:
        pytest.skip("mounting a small disk needs root")
    yield disk
    subprocess.run(["umount", "-l", disk], check=True)


def test_a_full_disk_is_told_and_once_there_is_room_it_goes_on(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.state.rocksdb._STALL", 0.5)
    store = RocksStore(small_disk, SMALL)
    state = store.open("0")
    written = fill(state)
    with pytest.raises(StateError, match=r"the disk is full; make room|takes nothing; is it full"):
        state.write(StateWrite([(b"x", b"y")], written))
    state.close()
    subprocess.run(["mount", "-o", "remount,size=20m", small_disk], check=True)
    assert_whole(store, written)


def test_a_read_only_disk_is_told(small_disk: Path) -> None:
    store = RocksStore(small_disk, SMALL)
    state = store.open("0")
    state.write(StateWrite([(b"ann", b"1")], 0))
    state.close()
    subprocess.run(["mount", "-o", "remount,ro", small_disk], check=True)
    for name in ("0", "1"):
        with pytest.raises(StateError, match="the disk is read-only"):
            store.open(name)


def flushed(directory: Path) -> RocksStore:
    """A store of 500 records, all of it in sst files."""
    store = RocksStore(directory, SMALL)
    state = store.open("0")
    for number in range(500):
        state.write(StateWrite([(b"k%03d" % number, os.urandom(600))], number))
    state._db.flush()
    state.close()
    return store


def flip(directory: Path, pattern: str, begin: int, step: int) -> None:
    """Damage all files of that name from `begin` to their middle."""
    files = list(directory.glob(pattern))
    assert any(file.stat().st_size // 2 > begin for file in files)
    for file in files:
        content = bytearray(file.read_bytes())
        for at in range(begin, len(content) // 2, step):
            content[at] ^= 0xFF
        file.write_bytes(content)


def read_all(state: StatePartition) -> None:
    state.get_many([b"k%03d" % number for number in range(500)])


def scan_all(state: StatePartition) -> None:
    list(state.scan())


@pytest.mark.parametrize("read", [read_all, scan_all])
def test_damaged_blocks_are_told_when_they_are_met_and_never_read_as_nothing(
    tmp_path: Path, read: Callable[[StatePartition], None]
) -> None:
    store = flushed(tmp_path)
    flip(tmp_path / "0", "*.sst", 12_000, 2_000)
    state = store.open("0")
    with pytest.raises(StateCorrupt, match="is damaged"):
        read(state)
    state.close()
    store.quarantine("0")
    store.open("0").close()


@pytest.mark.parametrize("pattern", ["*.sst", "MANIFEST-*", "CURRENT"])
def test_damage_that_opening_meets_is_told_there(tmp_path: Path, pattern: str) -> None:
    store = flushed(tmp_path)
    flip(tmp_path / "0", pattern, 3, 50)
    with pytest.raises(StateCorrupt, match="is damaged"):
        store.open("0")
    store.quarantine("0")
    store.open("0").close()


def test_a_manifest_that_lost_its_end_is_not_taken_for_a_whole_one(tmp_path: Path) -> None:
    store = flushed(tmp_path)
    (manifest,) = (tmp_path / "0").glob("MANIFEST-*")
    content, told = manifest.read_bytes(), 0
    for table in (tmp_path / "0").glob("*.sst"):
        os.utime(table, (0, table.stat().st_mtime - 60))
    for length in range(1, len(content), 40):
        manifest.write_bytes(content[:length])
        copy = tmp_path / f"copy-{length}"
        shutil.copytree(tmp_path / "0", copy)
        try:
            state = store.open(copy.name)
        except StateCorrupt:
            told += 1
            continue
        # What is lost tells of no table.
        assert sum(1 for _ in state.scan()) == 500
        state.close()
    assert told > 5


def test_a_table_that_was_just_finished_when_the_process_died_is_no_damage(tmp_path: Path) -> None:
    store = flushed(tmp_path)
    shutil.copy(next((tmp_path / "0").glob("*.sst")), tmp_path / "0" / "000099.sst")
    state = store.open("0")
    assert sum(1 for _ in state.scan()) == 500
    state.close()


@pytest.mark.parametrize("pattern", ["*.sst", "MANIFEST-*", "CURRENT"])
def test_a_missing_file_is_damage_also_below_a_path_that_speaks_of_locks(tmp_path: Path, pattern: str) -> None:
    directory = tmp_path / "block-lock"
    store = flushed(directory)
    for file in (directory / "0").glob(pattern):
        file.unlink()
    with pytest.raises(StateCorrupt, match="is damaged"):
        store.open("0")
    store.quarantine("0")
    store.open("0").close()


def test_a_directory_that_is_gone_can_be_set_aside_all_the_same(tmp_path: Path) -> None:
    store = flushed(tmp_path)
    shutil.rmtree(tmp_path / "0")
    store.quarantine("0")
    store.open("0").close()


def test_a_damaged_write_ahead_log_leaves_an_older_state_and_nothing_half(tmp_path: Path) -> None:
    # given the files of a worker that was killed
    running = RocksStore(tmp_path / "running").open("0")
    written = fill(running, 200)
    killed = tmp_path / "killed" / "0"
    killed.mkdir(parents=True)
    for file in (tmp_path / "running" / "0").iterdir():
        if file.name != "LOCK":
            (killed / file.name).write_bytes(file.read_bytes())
    running.close()
    # when a part of its log is damaged
    flip(killed, "*.log", 100_000, 10_000)
    # then what comes before it is there, to be brought up to date from the changelog
    assert_whole(RocksStore(tmp_path / "killed"), written)


def test_a_damaged_index_of_due_times_never_looks_empty(tmp_path: Path) -> None:
    store = RocksStore(tmp_path, SMALL)
    state = store.open("0")
    entries = [(number, os.urandom(30)) for number in range(3_000)]
    state.write(StateWrite([], 0, None, entries))
    state._db.flush()
    state.close()
    flip(tmp_path / "0", "*.sst", 12_000, 2_000)
    state = store.open("0")
    assert state.due(10, 5) == entries[:5]
    with pytest.raises(StateCorrupt, match="is damaged"):
        state.due(10_000, 10_000)
    state.close()
