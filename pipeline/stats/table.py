"""The report of `afterclick stats` for people."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

from rich.table import Table

Shown = str | Table


def worker_shown(data: dict[str, Any]) -> Iterator[Shown]:
    """worker_data, as text and tables."""
    record, each = data["record"], data["per_shopper"]
    yield (
        f"{data['shoppers']:,} shoppers: record of {record['median']:,} bytes (median), {record['p99']:,} (p99), "
        f"{record['max']:,} (largest); {amount(record['total'])} in all"
    )
    if data["shoppers"]:
        yield f"each: {each['disk']:g} bytes on disk, {each['due_index']:g} of due-time index before compression"
        yield ""
        yield _parts(data)
        yield ""
        yield _largest(data["largest"])
    yield ""
    yield _stores(data["stores"])
    if data["set_aside"]["stores"]:
        yield ""
        yield (
            f"{data['set_aside']['stores']} damaged stores are set aside, {amount(data['set_aside']['bytes'])}; "
            "they can be deleted"
        )


def changelog_shown(data: dict[str, Any]) -> Iterator[Shown]:
    """changelog_data, as text and tables."""
    yield ""
    yield f"changelog {data['topic']}"
    table = _table("partition", "offsets", "sampled", "median", "p99", "max", "deletions", "checkpoints", "at most")
    for each in data["partitions"]:
        record = each["record"]
        table.add_row(
            str(each["partition"]),
            f"{each['first_offset']:,} - {each['end_offset']:,}",
            f"{each['sampled']:,}",
            *(f"{record[name]:,}" for name in ("median", "p99", "max")),
            f"{each['deletions']:,}",
            f"{each['checkpoints']:,}",
            amount(each["reckoned"]),
        )
    yield table


def amount(size: float) -> str:
    """Bytes as people read them."""
    for unit in ("bytes", "KiB", "MiB"):
        if size < 1024:
            return f"{size:,.0f} {unit}" if unit == "bytes" else f"{size:,.1f} {unit}"
        size /= 1024
    return f"{size:,.1f} GiB"


def _parts(data: dict[str, Any]) -> Table:
    table = _table(f"part of the record ({data['sampled']:,} sampled)", "share", "median", "p99", "max")
    for name, part in data["parts"].items():
        table.add_row(name, f"{part['share']:.1%}", *(f"{part[each]:,}" for each in ("median", "p99", "max")))
    return table


def _largest(records: list[dict[str, Any]]) -> Table:
    named = any("shopper" in each for each in records)
    table = _table("largest records", "bytes", "mostly", *(["shopper"] if named else []))
    for each in records:
        mostly = f"{each['largest_part']} ({each['of_it']:,})"
        table.add_row(
            f"partition {each['partition']}", f"{each['bytes']:,}", mostly, *filter(None, [each.get("shopper")])
        )
    return table


def _stores(stores: list[dict[str, Any]]) -> Table:
    table = _table(
        "store", "shoppers", "due entries", "tables", "log", "rest", "compressed to", "next offset", "partition time"
    )
    for each in stores:
        disk, checkpoint, to = each["disk"], each["checkpoint"], each["compressed_to"]
        table.add_row(
            f"{each['agent']} {each['partition']}",
            f"{each['shoppers']:,}",
            f"{each['due_index']['entries']:,}",
            *(amount(disk[name]) for name in ("tables", "log", "rest")),
            "-" if to is None else f"{to:.0%}",
            f"{checkpoint['next_offset']:,}" if checkpoint else "-",
            _instant(checkpoint["time"]) if checkpoint and checkpoint["time"] else "-",
        )
    return table


def _instant(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds / 1000, UTC).isoformat(" ", "seconds").removesuffix("+00:00")


def _table(first: str, *others: str) -> Table:
    table = Table(box=None, pad_edge=False)
    table.add_column(first, no_wrap=True)
    for heading in others:
        table.add_column(heading, no_wrap=True, justify="left" if heading in ("mostly", "shopper") else "right")
    return table
