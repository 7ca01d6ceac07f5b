"""Records on disk while the broker is away: appended durably, read in order, bounded.

A segment is a file of frames (length, CRC-32, MessagePack). What `append` has returned for is on the disk: each group
of appends ends with one fdatasync, a new file with an fsync of its directory. A torn frame at the end of a file was
never acknowledged, and is cut off. A segment is deleted when all of it is on the log; one that was not yet is sent
again from its beginning after a crash, and the engine knows the repeated calls by their message ids.
"""

import os
import struct
import threading
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import BinaryIO

import msgspec

from pipeline.collector.record import Record

SEGMENT_BYTES = 8 * 1024 * 1024
_HEAD = struct.Struct(">II")

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(tuple[bytes, bytes, int]).decode


class SpoolFull(Exception):
    """No room for these records."""


class Spool:
    """One process at a time (pipeline/data_directory.py sees to that). Its methods may be called from any thread.

    limit: bytes of all segments together.
    """

    def __init__(self, directory: Path, limit: int, segment_bytes: int = SEGMENT_BYTES) -> None:
        self._directory = directory
        self._limit = limit
        self._segment_bytes = segment_bytes
        self._lock = threading.Lock()
        directory.mkdir(parents=True, exist_ok=True)
        found = sorted(directory.glob("*.spool"))
        self._sizes = {path: _repaired(path) for path in found}
        self._next = int(found[-1].stem) + 1 if found else 1
        self._writing: int | None = None

    @property
    def size(self) -> int:
        """Bytes of all segments."""
        return sum(self._sizes.values())

    @property
    def empty(self) -> bool:
        return not self._sizes

    def append(self, groups: Sequence[Sequence[Record]]) -> None:
        """Returns when all are on the disk. Raises SpoolFull, or OSError of the disk: then none is acknowledged."""
        frames = b"".join(_frame(record) for group in groups for record in group)
        with self._lock:
            if self.size + len(frames) > self._limit:
                raise SpoolFull
            path, file = self._open()
            try:
                written = 0
                while written < len(frames):
                    written += os.write(file, frames[written:])
                os.fdatasync(file)
            except OSError:
                # Half of a group must not stand before what is acknowledged later.
                os.ftruncate(file, self._sizes[path])
                raise
            self._sizes[path] += len(frames)

    def oldest(self) -> tuple[Path, Iterator[Record]] | None:
        """The segment that is to be sent next, with its records; it is written to no more. None = all is sent."""
        with self._lock:
            if not self._sizes:
                return None
            path = next(iter(self._sizes))
            if path == self._current():
                self._end()
        return path, _records(path)

    def remove(self, segment: Path) -> None:
        """All of it is on the log."""
        with self._lock:
            segment.unlink()
            del self._sizes[segment]
            _sync_directory(self._directory)

    def close(self) -> None:
        with self._lock:
            self._end()

    def _current(self) -> Path | None:
        return None if self._writing is None else next(reversed(self._sizes))

    def _open(self) -> tuple[Path, int]:
        path = self._current()
        if path is not None and self._sizes[path] >= self._segment_bytes:
            self._end()
        if self._writing is None:
            path = self._directory / f"{self._next:012}.spool"
            self._writing = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND, 0o600)
            self._next += 1
            self._sizes[path] = 0
            _sync_directory(self._directory)
        path = self._current()
        assert path is not None  # noqa: S101 - one is open
        return path, self._writing

    def _end(self) -> None:
        if self._writing is not None:
            os.close(self._writing)
            self._writing = None


def _frame(record: Record) -> bytes:
    payload = _encode(record)
    return _HEAD.pack(len(payload), zlib.crc32(payload)) + payload


def _records(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        while payload := _payload(file.read(_HEAD.size), file):
            yield Record(*_decode(payload))


def _payload(head: bytes, file: BinaryIO) -> bytes:
    """The next frame's, empty at the end or where a frame is torn."""
    if len(head) < _HEAD.size:
        return b""
    length, checksum = _HEAD.unpack(head)
    payload = file.read(length)
    return payload if len(payload) == length and zlib.crc32(payload) == checksum else b""


def _repaired(path: Path) -> int:
    """The bytes of whole frames; what follows them is cut off."""
    whole = 0
    with path.open("r+b") as file:
        while payload := _payload(file.read(_HEAD.size), file):
            whole += _HEAD.size + len(payload)
        file.truncate(whole)
        os.fsync(file.fileno())
    return whole


def _sync_directory(directory: Path) -> None:
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
