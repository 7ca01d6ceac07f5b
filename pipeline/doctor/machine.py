"""This machine: versions, the data directory, its disk."""

import fcntl
import os
import platform
import shutil
from collections.abc import Iterable, Iterator
from importlib.metadata import version
from pathlib import Path

from pipeline import __version__
from pipeline.doctor.finding import Finding, failed, fine, warned

LEAST_FREE = 1 << 30
"""Bytes: a compaction of RocksDB needs room for what it rewrites."""

_LIBRARIES = ("confluent-kafka", "faust-streaming", "rocksdict")
_TENTH = 0.1

_ELSEWHERE = "Name another with --data-dir or AFTERCLICK_DATA_DIR, or run this as the worker's user."
_IN_USE = "Nothing, if that is the worker you mean; give another one its own with --data-dir."


def versions() -> Finding:
    libraries = ", ".join(f"{name} {version(name)}" for name in _LIBRARIES)
    return fine("versions", f"afterclick {__version__}, Python {platform.python_version()}, {libraries}")


def data_directory(path: Path, agents: Iterable[str]) -> Iterator[Finding]:
    """path: of the worker. agents: each has a directory in it. Nothing is made, and no lock is kept."""
    of = "data directory"
    there = next(each for each in (path, *path.absolute().parents) if each.exists())
    if not there.is_dir() or not os.access(there, os.W_OK | os.X_OK):
        yield failed(of, f"{there} can't be written.", _ELSEWHERE)
        return
    owners = {agent: owner for agent in agents if (owner := _owner(path / agent / "owner"))}
    if owners:
        told = ", ".join(f"{agent} by process {owner}" for agent, owner in owners.items())
        yield warned(of, f"{path} is in use: {told}.", _IN_USE)
    else:
        yield fine(of, f"{path} {'is free' if there == path else 'will be made'} and can be written.")
    yield disk(path, *_space(there))


def disk(path: Path, free: int, size: int) -> Finding:
    """free, size: bytes, of the disk that `path` is on."""
    told = f"{free / (1 << 30):.1f} GiB of {size / (1 << 30):.0f} GiB are free for {path}."
    advice = "Free or add some: a full disk stops the worker. `afterclick sizing` says what it needs."
    if free < LEAST_FREE:
        return failed("disk", told, advice)
    return warned("disk", told, advice) if free < size * _TENTH else fine("disk", told)


def _space(there: Path) -> tuple[int, int]:
    usage = shutil.disk_usage(there)
    return usage.free, usage.total


def _owner(file: Path) -> str:
    """The process that has the lock, empty if nobody has it (see pipeline/data_directory.py)."""
    try:
        with file.open() as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                return held.read().strip() or "unknown"
    except OSError:
        return ""
    return ""
