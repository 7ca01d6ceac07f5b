"""What one partition's store holds and takes, from a look at it."""

import random
from collections.abc import Iterator
from heapq import heappush, heappushpop
from pathlib import Path

import msgspec

from pipeline.runtime.ports import Checkpoint
from pipeline.state.record import RecordCodec
from pipeline.state.store_view import TableSizes, store_view
from pipeline.stats.record_parts import part_sizes
from pipeline.stats.sizes import Sizes


class Disk(msgspec.Struct, frozen=True):
    """Bytes of files. tables: sorted and compressed. log: written ahead, not compressed. rest: manifest, logs of
    RocksDB itself."""

    tables: int
    log: int
    rest: int

    @property
    def total(self) -> int:
        return self.tables + self.log + self.rest


class LargeRecord(msgspec.Struct, frozen=True, order=True):
    """shopper: the id. parts: bytes by part. Ordered by size."""

    size: int
    partition: str
    shopper: str
    parts: dict[str, int]


class StoreStats(msgspec.Struct):
    """records: sizes of values, of all shoppers; keys: of their ids. parts: sizes by part of the `sample`d ones.
    due_entries, due_bytes: of the due-time index. checkpoint_bytes: of the checkpoint. tables: None if it has none."""

    agent: str
    partition: str
    records: Sizes
    keys: Sizes
    parts: dict[str, Sizes]
    largest: list[LargeRecord]
    due_entries: int
    due_bytes: int
    checkpoint: Checkpoint | None
    checkpoint_bytes: int
    changelog_offset: int
    disk: Disk
    tables: TableSizes


def store_stats(agent: str, path: Path, sample: int, largest: int) -> StoreStats:
    """sample: how many records to take apart, chosen evenly. largest: how many of the largest to tell of. Reads all of
    the store. Raises StateError."""
    codec = RecordCodec()
    partition = path.name
    records, keys = Sizes(), Sizes()
    chosen: list[bytes] = []
    top: list[tuple[int, bytes, bytes]] = []
    with store_view(path) as view:
        choose = random.Random(partition)  # noqa: S311 - a sample, no secret; the same each time
        for number, (key, value) in enumerate(view.records()):
            records.add(len(value))
            keys.add(len(key))
            _choose(chosen, value, number, sample, choose)
            _keep(top, (len(value), key, value), largest)
        due = [length for _, length in view.due_entries()]
        checkpoint, offset, tables = view.checkpoint(), view.changelog_offset(), view.table_sizes()
        checkpoint_bytes = view.checkpoint_bytes()
    return StoreStats(
        agent,
        partition,
        records,
        keys,
        _parts(chosen, codec),
        [
            LargeRecord(size, partition, key.decode(errors="replace"), part_sizes(codec.decode(value), size))
            for size, key, value in sorted(top, reverse=True)
        ],
        len(due),
        sum(due),
        checkpoint,
        checkpoint_bytes,
        offset,
        disk_of(path),
        tables,
    )


def disk_of(path: Path) -> Disk:
    """The files of a store; one that its owner deletes meanwhile counts for nothing."""
    tables = log = rest = 0
    for suffix, size in _files(path):
        if suffix == ".sst":
            tables += size
        elif suffix == ".log":
            log += size
        else:
            rest += size
    return Disk(tables, log, rest)


def _files(path: Path) -> Iterator[tuple[str, int]]:
    for file in path.iterdir():
        try:
            size = file.stat().st_size
        except FileNotFoundError:
            continue
        yield file.suffix, size


def _choose(chosen: list[bytes], value: bytes, number: int, wanted: int, choose: random.Random) -> None:
    """Algorithm R: each of the values so far is among the chosen with the same chance."""
    if len(chosen) < wanted:
        chosen.append(value)
    elif (place := choose.randrange(number + 1)) < wanted:
        chosen[place] = value


def _keep(top: list[tuple[int, bytes, bytes]], entry: tuple[int, bytes, bytes], wanted: int) -> None:
    if len(top) < wanted:
        heappush(top, entry)
    elif top and entry > top[0]:
        heappushpop(top, entry)


def _parts(values: list[bytes], codec: RecordCodec) -> dict[str, Sizes]:
    parts: dict[str, Sizes] = {}
    for value in values:
        for part, size in part_sizes(codec.decode(value), len(value)).items():
            parts.setdefault(part, Sizes()).add(size)
    return parts
