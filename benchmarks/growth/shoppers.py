"""How an event's cost, memory and disk grow with the shoppers that are known: 10,000 to 10 million, in RocksDB."""

import multiprocessing
import os
import random
import tempfile
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

from benchmarks import process
from benchmarks.growth.growth import Growth, Scale, alternating, cpu_seconds
from benchmarks.growth.partition import ShopperPartition, canonical, stored_records, write_records
from pipeline.worker import settle_collector

MIB = 2**20
RECORDS = 2_000

_held: list[ShopperPartition] = []
"""The partition of a child process."""


def measure(scale: Scale) -> Growth:
    counts = (10_000, 100_000, 1_000_000, 10_000_000) if scale == "full" else (1_000, 10_000)
    events, repeats = (20_000, 5) if scale == "full" else (2_000, 2)
    found = Growth(
        "Shoppers that are known",
        "shoppers",
        "A process for each number of shoppers holds one partition with RocksDB and its defaults (block cache 128 MiB, "
        "cached records 24 MiB), filled with stored records of the reference mix and their due entries; then events of "
        "shoppers chosen uniformly, which no cache favours, in batches of 5,000, CPU of all threads with compaction. "
        "The files' pages are dropped from the kernel's cache before each repeat. Resident: after the last repeat, "
        "with the libraries and the input.",
        "state on disk, not in memory",
    )
    with tempfile.TemporaryDirectory() as folder:
        children = {count: _child(Path(folder) / str(count), count) for count in counts}
        try:
            disk = {count: child.submit(_disk, Path(folder) / str(count)) for count, child in children.items()}
            for count, size in disk.items():
                found.add("MiB", "on disk", count, [size.result() / MIB], 0)
                found.add("bytes a shopper on disk", "on disk", count, [size.result() / count], 0)
            works = {count: partial(_run, child, events, count) for count, child in children.items()}
            for count, costs in alternating(repeats, works).items():
                found.add("us an event", "uniform", count, [seconds / events * 1e6 for seconds in costs])
            for count, child in children.items():
                found.add("MiB", "resident", count, [child.submit(_resident).result() / MIB], 0)
        finally:
            for child in children.values():
                child.submit(_close).result()
                child.shutdown()
    return found


def _child(folder: Path, count: int) -> ProcessPoolExecutor:
    context = multiprocessing.get_context("spawn")
    return ProcessPoolExecutor(1, mp_context=context, initializer=_open, initargs=(folder, count))


def _run(child: ProcessPoolExecutor, events: int, count: int) -> float:
    return child.submit(_update, events, count).result()


def _open(folder: Path, count: int) -> None:
    partition = ShopperPartition(folder)
    write_records(partition.state, _records(count))
    # What was written last is in memtables, and compaction may lag: a store that is opened has neither.
    partition.close()
    settle_collector()
    _held.append(ShopperPartition(folder))


def _records(count: int) -> Iterator[tuple[bytes, bytes]]:
    templates = stored_records(RECORDS)
    choose = random.Random(count)
    return ((b"u%08d" % number, templates[int(choose.random() * len(templates))]) for number in range(count))


def _update(events: int, count: int) -> float:
    """CPU seconds for events of random shoppers."""
    choose = random.Random()
    values = list(canonical(events, lambda _: f"u{choose.randrange(count):08d}", seed=choose.randrange(2**31)))
    _forget(_held[0].folder)
    return cpu_seconds(lambda: _held[0].take(values))


def _forget(folder: Path) -> None:
    """Have the kernel drop the pages that it holds of the tables."""
    for path in folder.rglob("*.sst"):
        file = os.open(path, os.O_RDONLY)
        os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
        os.close(file)


def _disk(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*.sst"))


def _resident() -> int:
    return process.resident(os.getpid())


def _close() -> None:
    while _held:
        _held.pop().close()
