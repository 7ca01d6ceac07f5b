"""What a worker's data directory holds, over all its stores."""

from pathlib import Path

import msgspec

from pipeline.state.store_view import store_paths
from pipeline.stats.sizes import Sizes
from pipeline.stats.store_stats import LargeRecord, StoreStats, disk_of, store_stats


class SetAside(msgspec.Struct, frozen=True):
    """Stores that were found damaged and set aside. Bytes."""

    stores: int
    bytes: int


class WorkerStats(msgspec.Struct):
    """records, keys, parts: over all partitions of shoppers. sampled: records taken apart."""

    stores: list[StoreStats]
    records: Sizes
    keys: Sizes
    parts: dict[str, Sizes]
    largest: list[LargeRecord]
    set_aside: SetAside


class NoStores(Exception):
    """There is no state where it was looked for."""


def worker_stats(directory: Path, sample: int, largest: int) -> WorkerStats:
    """directory: a worker's. sample: records to take apart, over all partitions. Raises NoStores, StateError."""
    paths = list(store_paths(directory))
    if not paths:
        raise NoStores(f"There is no state under {directory}; name a worker's directory with --data-dir.")
    partitions = max(1, sum(agent == "shopper" for agent, _ in paths))
    stores = [store_stats(agent, path, -(-sample // partitions), largest) for agent, path in paths]
    records, keys, parts = Sizes(), Sizes(), dict[str, Sizes]()
    for store in stores:
        records.merge(store.records)
        keys.merge(store.keys)
        for part, sizes in store.parts.items():
            parts.setdefault(part, Sizes()).merge(sizes)
    top = sorted((each for store in stores for each in store.largest), reverse=True)[:largest]
    return WorkerStats(stores, records, keys, parts, top, _set_aside(directory))


def _set_aside(directory: Path) -> SetAside:
    sizes = [disk_of(path).total for path in directory.glob("*/state/*.corrupt-*")]
    return SetAside(len(sizes), sum(sizes))
