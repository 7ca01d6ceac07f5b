"""The audit of an erasure: where an identifier is still to be found, and whether it may be."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.erasing.needle import Needle
from pipeline.runtime.ports import Record
from pipeline.state.rocksdb import RocksStore
from pipeline.state.store_view import store_paths, store_view

Rows = Iterable[tuple[int, Record]]
"""Records of a topic, each with its partition."""


class Finding(msgspec.Struct, frozen=True):
    """Where identifiers are. place: a store or a topic. what: of which kind. count: so many rows. allowed: they are of
    before the erasure, and go with the topic's retention or the next compaction. first: one of them, as
    `partition:offset` or a file."""

    place: str
    what: str
    count: int
    allowed: bool
    first: str

    def data(self) -> dict[str, Any]:
        return {name: getattr(self, name) for name in self.__struct_fields__}


def has_any(needles: Sequence[Needle], key: bytes | None, value: bytes | None) -> bool:
    return any(needle.is_in(key, value) for needle in needles)


def compact_stores(directories: Iterable[Path]) -> None:
    """Have RocksDB let go of what was deleted, in all stores under these directories; nobody may have them open. Raises
    StateError."""
    for directory in directories:
        for _, path in store_paths(directory):
            partition = RocksStore(path.parent)
            store = partition.open(path.name)
            try:
                store.compact()
            finally:
                store.close()
            # The manifest tells which keys each file began and ended with, also of files that are gone, until it is
            # made anew as the store is opened.
            partition.open(path.name).close()


def in_stores(directories: Iterable[Path], needles: Sequence[Needle], *, compacted: bool) -> Iterator[Finding]:
    """Rows of all stores under these data directories, and bytes of their files. compacted: of which nothing that was
    deleted may be left. Raises StateError."""
    for directory in directories:
        for agent, path in store_paths(directory):
            place = f"{directory.name}/{agent}/{path.name}"
            with store_view(path) as view:
                rows = [key for key, value in view.rows() if has_any(needles, key, value)]
            if rows:
                yield Finding(place, "row of the store", len(rows), allowed=False, first=repr(rows[0][:2]))
            files = [file.name for file in sorted(path.iterdir()) if file.is_file() and _is_in_file(file, needles)]
            if files:
                yield Finding(place, "file of the store, until it is compacted", len(files), not compacted, files[0])


def in_changelog(topic: str, rows: Rows, needles: Sequence[Needle]) -> Iterator[Finding]:
    """Nothing may be left, once it is compacted."""
    values, deletions = list[tuple[int, Record]](), list[tuple[int, Record]]()
    for partition, record in rows:
        if has_any(needles, record.key, record.value):
            (deletions if record.value is None else values).append((partition, record))
    if values:
        yield _finding(topic, "record, until the changelog is compacted", values, allowed=False)
    if deletions:
        yield _finding(topic, "deletion, until delete.retention.ms has passed", deletions, allowed=False)


def in_output(topic: str, rows: Rows, needles: Sequence[Needle], erased_at: int) -> Iterator[Finding]:
    """Nothing may have come after the receipt. erased_at: timestamp of its record, ms."""
    found = [(at, record) for at, record in rows if has_any(needles, record.key, record.value)]
    later = [(at, record) for at, record in found if record.timestamp > erased_at]
    earlier = [(at, record) for at, record in found if record.timestamp <= erased_at]
    if later:
        yield _finding(topic, "record of after the erasure", later, allowed=False)
    if earlier:
        yield _finding(topic, "record of before the erasure", earlier, allowed=True)


def in_input(topic: str, rows: Rows, needles: Sequence[Needle]) -> Iterator[Finding]:
    """What clients send is theirs; it goes with the topic's retention."""
    found = [(at, record) for at, record in rows if has_any(needles, record.key, record.value)]
    if found:
        yield _finding(topic, "record, until the topic's retention has passed", found, allowed=True)


def _finding(topic: str, what: str, rows: Sequence[tuple[int, Record]], *, allowed: bool) -> Finding:
    return Finding(topic, what, len(rows), allowed, f"{rows[0][0]}:{rows[0][1].offset}")


def _is_in_file(file: Path, needles: Sequence[Needle]) -> bool:
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        return False
    return has_any(needles, None, content)
