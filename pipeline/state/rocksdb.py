"""State in RocksDB: one database a partition, with caches and write buffers shared by the partitions of a worker.

The write-ahead log is on but never synced: after a crash of the machine the store may be older, and the changelog has
the rest; it is never ahead of it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from operator import itemgetter
from pathlib import Path
from typing import cast
from weakref import WeakSet

from rocksdict import BottommostLevelCompaction, CompactOptions, Rdict, ReadOptions, WriteBatch, WriteOptions

from pipeline.runtime.checkpoint import decode_checkpoint, encode_checkpoint
from pipeline.runtime.ports import (
    Checkpoint,
    DueEntry,
    StateCorrupt,
    StateFormatError,
    StateStats,
    StateWrite,
)
from pipeline.state.disk_error import translated
from pipeline.state.layout import (
    CHANGELOG_KEY,
    CHECKPOINT_KEY,
    COMPLETE_KEY,
    DUE,
    DUE_END,
    LAYOUT,
    LAYOUT_KEY,
    SHOPPERS,
    STATE,
    STATE_END,
)
from pipeline.state.rocks_memory import RocksSettings, SharedMemory
from pipeline.state.sorted_table import settled_tables

# Seconds that a write waits for RocksDB to catch up with writing out and compacting.
_STALL = 10.0

_DUE_KEY_AT = len(DUE) + 8

_KEY = itemgetter(0)


class RocksStore:
    """Opens the partitions of one worker under a data directory; they share one block cache and one memtable budget."""

    def __init__(self, directory: Path, settings: RocksSettings | None = None) -> None:
        self._directory = directory
        self.memory = SharedMemory(settings or RocksSettings())

    def path(self, name: str) -> Path:
        """Where the files of the partition `name` are."""
        return self._directory / name

    def open(self, name: str) -> "RocksPartition":
        """Raises StateLocked, StateCorrupt (then `quarantine` it and restore), StateFormatError, StateError."""
        path = self.path(name)
        with translated(path):
            path.mkdir(parents=True, exist_ok=True)
            # Looked at before: RocksDB deletes what its manifest does not name.
            tables = settled_tables(path)
            database = Rdict(str(path), self.memory.options())
        try:
            with translated(path):
                if lost := tables - {file["name"].lstrip("/") for file in database.live_files()}:
                    raise StateCorrupt(f"{path} is damaged: its manifest does not name {len(lost)} of its tables")
                database.set_options({"disable_auto_compactions": "false"})
            return RocksPartition(database, path)
        except BaseException:
            _close(database)
            raise

    def quarantine(self, name: str) -> Path:
        """Move a damaged partition aside, for someone to look at, if there is anything left of it; the next `open`
        begins empty."""
        path = self.path(name)
        taken = 1 + sum(1 for _ in self._directory.glob(f"{name}.corrupt-*"))
        aside = path.with_name(f"{name}.corrupt-{taken}")
        with translated(path), suppress(FileNotFoundError):
            path.rename(aside)
        return aside


class RocksPartition:
    """A `pipeline.runtime.ports.StatePartition` on disk. RocksDB keeps its lock while any iterator lives, so none
    outlives a call, and `close` ends the scans that are still open."""

    def __init__(self, database: Rdict, path: Path) -> None:
        self._db = database
        self._path = path
        self._closed = False
        self._scans: WeakSet[Iterator[tuple[bytes, bytes]]] = WeakSet()
        with translated(path):
            layout = database.get(LAYOUT_KEY)
            if layout is None:
                database[LAYOUT_KEY] = LAYOUT
            elif layout != LAYOUT:
                raise StateFormatError(f"{path}: store of layout {layout!r}, this version knows {LAYOUT!r}")
            stored = database.get(CHECKPOINT_KEY)
            if stored is not None:
                decode_checkpoint(stored)
            self._changelog_offset = int(database.get(CHANGELOG_KEY) or -1)
            self._complete_at = int(database.get(COMPLETE_KEY) or 0)

    def get_many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        with translated(self._path):
            return cast(list[bytes | None], self._db[[STATE + key for key in keys]])

    def write(self, change: StateWrite) -> None:
        first = self._changelog_offset < 0
        complete_at = time.time_ns() // 1_000_000 if change.complete or first else self._complete_at
        self._write(lambda: _batch(change, complete_at))
        self._changelog_offset, self._complete_at = change.changelog_offset, complete_at

    def due(self, until: int, limit: int, after: DueEntry | None = None) -> list[DueEntry]:
        bound = ReadOptions()
        bound.set_iterate_upper_bound(DUE + (until + 1).to_bytes(8, "big"))
        # A zero byte behind it is the least key that is greater.
        start = DUE if after is None else DUE + after[0].to_bytes(8, "big") + after[1] + b"\x00"
        found: list[DueEntry] = []
        if limit <= 0:
            return found
        with translated(self._path):
            for key in cast(Iterable[bytes], self._db.keys(from_key=start, read_opt=bound)):
                found.append((int.from_bytes(key[len(DUE) : _DUE_KEY_AT], "big"), key[_DUE_KEY_AT:]))
                if len(found) == limit:
                    return found
            last = found[-1] if found else None
            self._check_end(start if last is None else DUE + last[0].to_bytes(8, "big") + last[1], bound)
        return found

    def checkpoint(self) -> Checkpoint:
        with translated(self._path):
            stored = self._db.get(CHECKPOINT_KEY)
        return Checkpoint() if stored is None else decode_checkpoint(stored)

    def changelog_offset(self) -> int:
        return self._changelog_offset

    def complete_at(self) -> int:
        return self._complete_at

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        scan = self._scan()
        self._scans.add(scan)
        return scan

    def values(self, after: bytes | None, limit: int) -> list[tuple[bytes, bytes]]:
        bound = ReadOptions()
        bound.set_iterate_upper_bound(STATE_END)
        # A zero byte behind it is the least key that is greater.
        start = SHOPPERS if after is None else STATE + after + b"\x00"
        found: list[tuple[bytes, bytes]] = []
        with translated(self._path):
            items = cast(Iterable[tuple[bytes, bytes]], self._db.items(from_key=start, read_opt=bound))
            for key, value in islice(items, limit):
                found.append((key[len(STATE) :], value))
            if len(found) < limit:
                last = found[-1][0] if found else after
                self._check_end(SHOPPERS if last is None else STATE + last, bound)
        return found

    def replace_due(self, entries: Iterable[DueEntry]) -> None:
        batch = WriteBatch(raw_mode=True)
        batch.delete_range(DUE, DUE_END)
        for due, key in entries:
            batch.put(DUE + due.to_bytes(8, "big") + key, b"")
        with translated(self._path):
            self._db.write(batch)

    def stats(self) -> StateStats:
        with translated(self._path):
            number = self._db.property_int_value
            return StateStats(
                keys=number("rocksdb.estimate-num-keys") or 0,
                disk=number("rocksdb.total-sst-files-size") or 0,
                memory=number("rocksdb.cur-size-all-mem-tables") or 0,
            )

    def compact(self) -> None:
        """Have no file hold what was deleted or replaced. It takes as long as writing all of it anew."""
        options = CompactOptions()
        # A file that nothing overlaps would be moved as it is, its deletions with it.
        options.set_bottommost_level_compaction(BottommostLevelCompaction.force())
        with translated(self._path):
            self._db.flush()
            self._db.compact_range(None, None, options)

    def close(self) -> None:
        if self._closed:
            return
        self._closed = True
        for scan in list(self._scans):
            scan.close()  # type: ignore[attr-defined]  # it is a generator
        _close(self._db)

    def _write(self, batch: Callable[[], WriteBatch]) -> None:
        """RocksDB would wait without end, and hold up the whole process, until a full disk has room again."""
        options = WriteOptions()
        options.no_slowdown = True
        until = time.monotonic() + _STALL
        with translated(self._path):
            while True:
                try:
                    # A batch can be written once only, also where that fails.
                    self._db.write(batch(), options)
                    return
                except Exception as error:
                    if "incomplete" not in str(error) or time.monotonic() > until:
                        raise
                time.sleep(0.005)

    def _scan(self) -> Iterator[tuple[bytes, bytes]]:
        bound = ReadOptions()
        bound.set_iterate_upper_bound(STATE_END)
        last = SHOPPERS
        with translated(self._path):
            for key, value in cast(Iterable[tuple[bytes, bytes]], self._db.items(from_key=SHOPPERS, read_opt=bound)):
                last = key
                yield key[len(STATE) :], value
            self._check_end(last, bound)

    def _check_end(self, last: bytes, bound: ReadOptions) -> None:
        """rocksdict's iterators end without a word at a damaged block: look whether anything follows the last key."""
        walker = self._db.iter(bound)
        walker.seek(last + b"\x00")
        walker.status()
        if walker.valid():
            raise StateCorrupt(f"{self._path} is damaged: a scan ended too soon")


def _batch(change: StateWrite, complete_at: int) -> WriteBatch:
    batch = WriteBatch(raw_mode=True)
    put, delete = batch.put, batch.delete
    # In key order the memtable finds each next place near the last one; that saves twice what sorting costs.
    for key, value in sorted(change.values, key=_KEY):
        if value is None:
            delete(STATE + key)
        else:
            put(STATE + key, value)
    for due, key in change.due_dropped:
        delete(DUE + due.to_bytes(8, "big") + key)
    for due, key in change.due_added:
        put(DUE + due.to_bytes(8, "big") + key, b"")
    if change.checkpoint is not None:
        put(CHECKPOINT_KEY, encode_checkpoint(change.checkpoint))
    put(CHANGELOG_KEY, b"%d" % change.changelog_offset)
    put(COMPLETE_KEY, b"%d" % complete_at)
    return batch


def _close(database: Rdict) -> None:
    """RocksDB tells once more here of a write that failed before, or of damage, and lets go of the files all the same.
    What it could not write is in the changelog."""
    with suppress(Exception):
        database.close()
