"""State in RocksDB: one database a partition, with caches and write buffers shared by the partitions of a worker.

Layout, one column family, raw bytes (so that one WriteBatch and one memtable make everything atomic):

    m|layout, m|checkpoint, m|changelog      layout version, checkpoint record, changelog offset (decimal)
    m|complete                               when it last held all of its changelog, ms (decimal)
    s|KEY                                    shopper record
    t|DUE KEY                                due-time index: DUE is 8 bytes, big endian, ms; no value

The write-ahead log is on but never synced: after a crash of the machine the store may be older, and the changelog has
the rest; it is never ahead of it.
"""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import cast
from weakref import WeakSet

import msgspec
from rocksdict import (
    BlockBasedOptions,
    Cache,
    DBCompressionType,
    Options,
    Rdict,
    ReadOptions,
    WriteBatch,
    WriteBufferManager,
    WriteOptions,
)

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
from pipeline.state.sorted_table import settled_tables

LAYOUT = b"1"

# Seconds that a write waits for RocksDB to catch up with writing out and compacting.
_STALL = 10.0

_LAYOUT_KEY = b"m|layout"
_CHECKPOINT_KEY = b"m|checkpoint"
_CHANGELOG_KEY = b"m|changelog"
_COMPLETE_KEY = b"m|complete"
_STATE = b"s|"
_STATE_END = b"s}"
_DUE = b"t|"
_DUE_END = b"t}"
_DUE_KEY_AT = len(_DUE) + 8


class RocksSettings(msgspec.Struct, frozen=True):
    """Sizes in bytes. cache: blocks, index and filters of all partitions together. write_buffers: memtables of all
    partitions together; one partition's is written out at write_buffer. block: small, as single records are read."""

    cache: int = 128 * 1024 * 1024
    write_buffers: int = 64 * 1024 * 1024
    write_buffer: int = 8 * 1024 * 1024
    block: int = 8 * 1024
    background_jobs: int = 2
    open_files: int = 256


class RocksStore:
    """Opens the partitions of one worker under a data directory; they share one block cache and one memtable budget."""

    def __init__(self, directory: Path, settings: RocksSettings | None = None) -> None:
        self._directory = directory
        self._settings = settings or RocksSettings()
        self._cache = Cache(self._settings.cache)
        self._buffers = WriteBufferManager(self._settings.write_buffers, False)

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
            database = Rdict(str(path), self._options())
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

    def shared_memory(self) -> int:
        """Bytes in the shared block cache and write buffers."""
        return int(self._cache.get_usage()) + int(self._buffers.get_usage())

    def _options(self) -> Options:
        settings = self._settings
        blocks = BlockBasedOptions()
        blocks.set_block_cache(self._cache)
        blocks.set_block_size(settings.block)
        blocks.set_bloom_filter(10, False)
        blocks.set_cache_index_and_filter_blocks(True)
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
        blocks.set_format_version(5)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(blocks)
        options.set_write_buffer_manager(self._buffers)
        options.set_write_buffer_size(settings.write_buffer)
        options.set_memtable_whole_key_filtering(True)
        options.set_memtable_prefix_bloom_ratio(0.05)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_level_compaction_dynamic_level_bytes(True)
        options.set_max_background_jobs(settings.background_jobs)
        options.set_max_open_files(settings.open_files)
        # Until `open` has compared the files with the manifest.
        options.set_disable_auto_compactions(True)
        options.set_max_total_wal_size(4 * settings.write_buffer)
        options.set_keep_log_file_num(2)
        # Fired due entries leave tombstones at the head of the index, where every scan begins.
        options.add_compact_on_deletion_collector_factory(2_000, 1_000, 0.5)
        return options


class RocksPartition:
    """A `pipeline.runtime.ports.StatePartition` on disk. RocksDB keeps its lock while any iterator lives, so none
    outlives a call, and `close` ends the scans that are still open."""

    def __init__(self, database: Rdict, path: Path) -> None:
        self._db = database
        self._path = path
        self._closed = False
        self._scans: WeakSet[Iterator[tuple[bytes, bytes]]] = WeakSet()
        with translated(path):
            layout = database.get(_LAYOUT_KEY)
            if layout is None:
                database[_LAYOUT_KEY] = LAYOUT
            elif layout != LAYOUT:
                raise StateFormatError(f"{path}: store of layout {layout!r}, this version knows {LAYOUT!r}")
            stored = database.get(_CHECKPOINT_KEY)
            if stored is not None:
                decode_checkpoint(stored)
            self._changelog_offset = int(database.get(_CHANGELOG_KEY) or -1)
            self._complete_at = int(database.get(_COMPLETE_KEY) or 0)

    def get_many(self, keys: Sequence[bytes]) -> Sequence[bytes | None]:
        with translated(self._path):
            return cast(list[bytes | None], self._db[[_STATE + key for key in keys]])

    def write(self, change: StateWrite) -> None:
        first = self._changelog_offset < 0
        complete_at = time.time_ns() // 1_000_000 if change.complete or first else self._complete_at
        self._write(lambda: _batch(change, complete_at))
        self._changelog_offset, self._complete_at = change.changelog_offset, complete_at

    def due(self, until: int, limit: int, after: DueEntry | None = None) -> list[DueEntry]:
        bound = ReadOptions()
        bound.set_iterate_upper_bound(_DUE + (until + 1).to_bytes(8, "big"))
        # A zero byte behind it is the least key that is greater.
        start = _DUE if after is None else _DUE + after[0].to_bytes(8, "big") + after[1] + b"\x00"
        found: list[DueEntry] = []
        if limit <= 0:
            return found
        with translated(self._path):
            for key in cast(Iterable[bytes], self._db.keys(from_key=start, read_opt=bound)):
                found.append((int.from_bytes(key[len(_DUE) : _DUE_KEY_AT], "big"), key[_DUE_KEY_AT:]))
                if len(found) == limit:
                    return found
            last = found[-1] if found else None
            self._check_end(start if last is None else _DUE + last[0].to_bytes(8, "big") + last[1], bound)
        return found

    def checkpoint(self) -> Checkpoint:
        with translated(self._path):
            stored = self._db.get(_CHECKPOINT_KEY)
        return Checkpoint() if stored is None else decode_checkpoint(stored)

    def changelog_offset(self) -> int:
        return self._changelog_offset

    def complete_at(self) -> int:
        return self._complete_at

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        scan = self._scan()
        self._scans.add(scan)
        return scan

    def replace_due(self, entries: Iterable[DueEntry]) -> None:
        batch = WriteBatch(raw_mode=True)
        batch.delete_range(_DUE, _DUE_END)
        for due, key in entries:
            batch.put(_DUE + due.to_bytes(8, "big") + key, b"")
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
        bound.set_iterate_upper_bound(_STATE_END)
        last = _STATE
        with translated(self._path):
            for key, value in cast(Iterable[tuple[bytes, bytes]], self._db.items(from_key=_STATE, read_opt=bound)):
                last = key
                yield key[len(_STATE) :], value
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
    for key, value in change.values:
        if value is None:
            delete(_STATE + key)
        else:
            put(_STATE + key, value)
    for due, key in change.due_dropped:
        delete(_DUE + due.to_bytes(8, "big") + key)
    for due, key in change.due_added:
        put(_DUE + due.to_bytes(8, "big") + key, b"")
    if change.checkpoint is not None:
        put(_CHECKPOINT_KEY, encode_checkpoint(change.checkpoint))
    put(_CHANGELOG_KEY, b"%d" % change.changelog_offset)
    put(_COMPLETE_KEY, b"%d" % complete_at)
    return batch


def _close(database: Rdict) -> None:
    """RocksDB tells once more here of a write that failed before, or of damage, and lets go of the files all the same.
    What it could not write is in the changelog."""
    with suppress(Exception):
        database.close()
