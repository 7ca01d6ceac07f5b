"""RocksDB's sorted table files, as they lie in a directory."""

from pathlib import Path

# Magic number of block-based tables, their last 8 bytes.
_END = bytes.fromhex("f7cff485b741e288")

_SETTLED = 10.0
"""Seconds within which a finished table gets into the manifest, or a compaction's first table waits for the last."""


def settled_tables(directory: Path) -> set[str]:
    """Names of the tables in a closed store's directory that its manifest must know of.

    RocksDB takes a manifest that lost its end for a whole one: it forgets the tables that came later, and goes on with
    what is left of the state. A table that it does not know of afterwards tells. What was being written when the
    process died is no sign of damage: tables without an end, and those finished just before the last write of all.
    """
    files = [(file, file.stat()) for file in directory.iterdir() if file.is_file()]
    until = max((seen.st_mtime for _, seen in files), default=0.0) - _SETTLED
    return {
        file.name
        for file, seen in files
        if file.suffix == ".sst" and seen.st_mtime < until and _is_finished(file, seen.st_size)
    }


def _is_finished(table: Path, size: int) -> bool:
    with table.open("rb") as file:
        file.seek(max(0, size - len(_END)))
        return file.read() == _END
