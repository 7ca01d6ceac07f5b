"""What `afterclick stats` says, as data; a shopper is named only where that was asked for."""

from collections.abc import Sequence
from typing import Any

from pipeline.kafka.changelog_sample import ChangelogSample
from pipeline.stats.sizes import Sizes
from pipeline.stats.store_stats import LargeRecord, StoreStats
from pipeline.stats.worker_stats import WorkerStats


def worker_data(stats: WorkerStats, show_ids: bool) -> dict[str, Any]:
    """Sizes in bytes, instants in ms."""
    shoppers = stats.records.summary().number
    of_shoppers = [store for store in stats.stores if store.records.summary().number]
    sampled = max((sizes.summary().number for sizes in stats.parts.values()), default=0)
    return {
        "shoppers": shoppers,
        "record": _sizes(stats.records),
        "shopper_id": _sizes(stats.keys),
        "per_shopper": {
            "due_index": _ratio(sum(store.due_bytes for store in of_shoppers), shoppers),
            "disk": _ratio(sum(store.disk.total for store in of_shoppers), shoppers),
        },
        "sampled": sampled,
        "parts": {
            name: _sizes(sizes) | {"share": _ratio(sizes.summary().total, _total(stats.parts), 4)}
            for name, sizes in sorted(stats.parts.items(), key=lambda part: -part[1].summary().total)
        },
        "largest": [_large(each, show_ids) for each in stats.largest],
        "stores": [_store(store) for store in stats.stores],
        "set_aside": {"stores": stats.set_aside.stores, "bytes": stats.set_aside.bytes},
    }


def changelog_data(topic: str, samples: Sequence[ChangelogSample]) -> dict[str, Any]:
    """reckoned: bytes of a partition if all its offsets were records as large as the sampled ones; compaction and
    commits leave offsets without one, so it is a bound from above, before compression."""
    partitions = []
    for sample in samples:
        sizes = Sizes()
        for size in sample.sizes:
            sizes.add(size)
        seen = len(sample.sizes) + sample.deletions + sample.checkpoints
        partitions.append(
            {
                "partition": sample.partition,
                "first_offset": sample.first,
                "end_offset": sample.end,
                "sampled": seen,
                "record": _sizes(sizes),
                "deletions": sample.deletions,
                "checkpoints": sample.checkpoints,
                "reckoned": round((sample.end - sample.first) * sizes.summary().total / seen) if seen else 0,
            }
        )
    return {"topic": topic, "partitions": partitions}


def _store(store: StoreStats) -> dict[str, Any]:
    checkpoint, tables, disk = store.checkpoint, store.tables, store.disk
    return {
        "agent": store.agent,
        "partition": int(store.partition),
        "shoppers": store.records.summary().number,
        "record": _sizes(store.records),
        "due_index": {"entries": store.due_entries, "bytes": store.due_bytes},
        "checkpoint": None
        if checkpoint is None
        else {"next_offset": checkpoint.next_offset, "time": checkpoint.time, "bytes": store.checkpoint_bytes},
        "changelog_offset": store.changelog_offset,
        "disk": {"tables": disk.tables, "log": disk.log, "rest": disk.rest, "total": disk.total},
        "compressed_to": _ratio(tables.compressed, tables.raw, 3) if tables.raw else None,
    }


def _large(record: LargeRecord, show_ids: bool) -> dict[str, Any]:
    part, size = max(record.parts.items(), key=lambda each: each[1])
    shown = {"partition": int(record.partition), "bytes": record.size, "largest_part": part, "of_it": size}
    return shown | ({"shopper": record.shopper} if show_ids else {})


def _sizes(sizes: Sizes) -> dict[str, int]:
    summary = sizes.summary()
    return {"total": summary.total, "median": summary.median, "p99": summary.p99, "max": summary.largest}


def _total(parts: dict[str, Sizes]) -> int:
    return sum(sizes.summary().total for sizes in parts.values())


def _ratio(amount: int, of: int, digits: int = 1) -> float:
    return round(amount / of, digits) if of else 0.0
