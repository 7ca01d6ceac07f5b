"""A look at a partition's store from outside, whether or not a worker has it open.

RocksDB opens it as a secondary: without its lock, reading manifest and write-ahead log as they are. That alone would
still write into the directory (rocksdict keeps a file there), and a file touched there misleads the search for
damage (sorted_table.py). So it opens a folder of links; what it writes, it writes there.
"""

import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import cast

import msgspec
from rocksdict import AccessType, BlockBasedOptions, Cache, Options, Rdict, ReadOptions

from pipeline.runtime.checkpoint import decode_checkpoint
from pipeline.runtime.ports import Checkpoint, StateCorrupt, StateError, StateFormatError
from pipeline.state.disk_error import translated
from pipeline.state.layout import (
    CHANGELOG_KEY,
    CHECKPOINT_KEY,
    DUE,
    DUE_END,
    LAYOUT,
    LAYOUT_KEY,
    SHOPPERS,
    STATE,
    STATE_END,
)

_CACHE = 4 * 1024 * 1024
# Files that the owner makes and deletes while they are linked.
_TRIES, _PAUSE = 5, 0.1
_MOVES = 20
_GONE = "may have switched to a new MANIFEST"
_UNLINKED = ("LOCK", "rocksdict-config.json")


class TableSizes(msgspec.Struct, frozen=True):
    """Of the sorted tables, bytes: keys and values as written, and the blocks that hold them on disk."""

    raw: int
    compressed: int


class StoreView:
    """One partition's store, as of when it was opened. One thread."""

    def __init__(self, path: Path, database: Rdict) -> None:
        self._path = path
        self._db = database

    def records(self, after: bytes = b"") -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of all shopper records, in key order; after: of those with greater keys. Raises StateError."""
        # A zero byte behind it is the least key that is greater.
        start = STATE + after + b"\x00" if after else SHOPPERS
        for key, value in self._range(start, STATE_END):
            yield key[len(STATE) :], value

    def rows(self) -> Iterator[tuple[bytes, bytes]]:
        """(key, value) of everything, as it lies there. Raises StateError."""
        yield from self._range(b"", b"\xff")

    def record(self, key: bytes) -> bytes | None:
        """One shopper record. Raises StateError."""
        return self._get(STATE + key)

    def due_entries(self) -> Iterator[tuple[int, int]]:
        """(due time in ms, bytes of its key) of all entries of the due-time index. Raises StateError."""
        at = len(DUE) + 8
        for key, _ in self._range(DUE, DUE_END):
            yield int.from_bytes(key[len(DUE) : at], "big"), len(key)

    def checkpoint(self) -> Checkpoint | None:
        """Raises StateError."""
        stored = self._get(CHECKPOINT_KEY)
        return None if stored is None else decode_checkpoint(stored)

    def checkpoint_bytes(self) -> int:
        return len(self._get(CHECKPOINT_KEY) or b"")

    def changelog_offset(self) -> int:
        """As in `StatePartition`; -1 = none."""
        return int(self._get(CHANGELOG_KEY) or -1)

    def table_sizes(self) -> TableSizes:
        with translated(self._path):
            text = self._db.property_value("rocksdb.aggregated-table-properties") or ""
        said = dict(part.strip().partition("=")[::2] for part in text.split(";"))
        number = {name: int(value) for name, value in said.items() if value.isdigit()}
        return TableSizes(
            number.get("raw key size", 0) + number.get("raw value size", 0), number.get("data block size", 0)
        )

    def _get(self, key: bytes) -> bytes | None:
        with translated(self._path):
            return cast("bytes | None", self._db.get(key))

    def _range(self, start: bytes, end: bytes) -> Iterator[tuple[bytes, bytes]]:
        """By its own iterator: the one of `items` ends without a word at a damaged block."""
        bound = ReadOptions()
        bound.set_iterate_upper_bound(end)
        with translated(self._path):
            walker = self._db.iter(bound)
            walker.seek(start)
            while walker.valid():
                yield walker.key(), walker.value()
                walker.next()
            walker.status()


def store_paths(directory: Path) -> Iterator[tuple[str, Path]]:
    """(agent, directory of the store) of all stores of a worker, shoppers first, partitions in order."""
    for state in sorted(directory.glob("*/state"), reverse=True):
        numbered = (path for path in state.iterdir() if path.name.isdigit() and (path / "CURRENT").exists())
        for path in sorted(numbered, key=lambda path: int(path.name)):
            yield state.parent.name, path


@contextmanager
def store_view(path: Path) -> Iterator[StoreView]:
    """The store in `path`. Raises StateFormatError if it is of a newer layout, StateError if it can't be read."""
    with tempfile.TemporaryDirectory(prefix="afterclick-view-") as folder:
        database = opened_beside(path, Path(folder))
        try:
            yield StoreView(path, database)
        finally:
            with suppress(Exception):
                database.close()


def opened_beside(path: Path, folder: Path) -> Rdict:
    """The store in `path` as a secondary, with its links and its log in `folder`. Raises StateFormatError if it is of a
    newer layout, StateError if it can't be read."""
    database = _opened(path, folder)
    try:
        catch_up(path, folder, database)
        with translated(path):
            layout = database.get(LAYOUT_KEY)
        if layout not in (None, LAYOUT):
            raise StateFormatError(f"{path}: store of layout {layout!r}, this version knows {LAYOUT!r}")
        return database
    except BaseException:
        database.close()
        raise


def catch_up(path: Path, folder: Path, database: Rdict) -> None:
    """Have a secondary see all that was written before. What its owner writes out meanwhile is in a table that is not
    linked yet, and in a log no more: so until no file comes or goes. Raises StateError."""
    for _ in range(_MOVES):
        with translated(path):
            link(path, folder)
            database.try_catch_up_with_primary()
            if not link(path, folder)[1]:
                return
    raise StateError(f"{path}: its files change faster than they can be read; ask again")


def _opened(path: Path, folder: Path) -> Rdict:
    """Tried again when the owner turned a file over meanwhile. The tables stay open, so that none goes away later."""
    for attempt in range(_TRIES):
        try:
            with translated(path):
                links, _ = link(path, folder)
                return Rdict(str(links), _options(), access_type=AccessType.secondary(str(folder / "log")))
        except StateError as error:
            if attempt == _TRIES - 1:
                if _GONE in str(error):
                    raise StateCorrupt(f"{path} is damaged: its manifest is missing") from error
                raise
        time.sleep(_PAUSE)
    raise AssertionError  # the last attempt returns or raises


def link(path: Path, folder: Path) -> tuple[Path, bool]:
    """Bring the links in `folder` to the files that the store in `path` has now. The directory they are in, and whether
    any of them is new or gone.

    Links that lead nowhere have to go: a secondary would look for what was written lately in write-ahead logs that are
    no more, and stop at the first."""
    links = folder / "links"
    links.mkdir(exist_ok=True)
    there = {file.name for file in path.iterdir() if file.name not in _UNLINKED and not file.name.startswith("LOG")}
    linked = {link.name for link in links.iterdir() if link.is_symlink()}
    for name in linked - there:
        (links / name).unlink()
    for name in there - linked:
        (links / name).symlink_to(path.resolve() / name)
    return links, linked != there


def _options() -> Options:
    blocks = BlockBasedOptions()
    blocks.set_block_cache(Cache(_CACHE))
    options = Options(raw_mode=True)
    options.set_block_based_table_factory(blocks)
    options.set_max_open_files(-1)
    return options
