"""A history in order of received time, on disk: sorted in runs, as it is larger than memory, and merged when read."""

import gzip
import heapq
import os
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from itertools import islice
from pathlib import Path
from typing import IO, NamedTuple, cast

# Bytes of lines that are sorted in memory at a time.
RUN_BYTES = 64 * 1024 * 1024
# A line in memory takes more than its bytes.
_OBJECT = 64
# Runs that are merged at a time; each has a file open and a buffer.
FAN_IN = 64

# Received time (ms), file, line, and place in the line: as text in order of the numbers.
_KEY = "%015d%06d%012d%04d"
_KEY_BYTES = 37
_RECEIVED_BYTES = 15


class Kept(NamedTuple):
    """received: ms. value: for the clickstream; no line break is in it."""

    received: int
    value: bytes


class SortedHistory:
    """First `add`, then `finish`, then `read`, which may also be called of a folder that was finished before.

    folder: has the runs, `NUMBER.run.gz`. Equal times stand in the order of files and lines.
    """

    def __init__(self, folder: Path, run_bytes: int = RUN_BYTES, fan_in: int = FAN_IN) -> None:
        self._folder, self._run_bytes, self._fan_in = folder, run_bytes, fan_in
        self._lines: list[bytes] = []
        self._bytes = self._runs = 0

    def add(self, received: int, file: int, line: int, place: int, value: bytes) -> None:
        """received: ms. file, line, place: where the value is from."""
        self._lines.append((_KEY % (received, file, line, place)).encode() + value + b"\n")
        self._bytes += len(value) + _OBJECT
        if self._bytes >= self._run_bytes:
            self._spill()

    def finish(self) -> None:
        """Write what is left, and merge until few runs are left. On disk when it returns."""
        if self._lines:
            self._spill()
        while len(runs := self._paths()) > self._fan_in:
            with ExitStack() as files:
                self._write(heapq.merge(*(files.enter_context(_opened(path)) for path in runs[: self._fan_in])))
            for path in runs[: self._fan_in]:
                path.unlink()

    def read(self, skip: int = 0) -> Iterator[Kept]:
        """All that was added, in order, but the first `skip`. Raises OSError, EOFError if a run is damaged."""
        with ExitStack() as files:
            lines = heapq.merge(*(files.enter_context(_opened(path)) for path in self._paths()))
            for line in islice(lines, skip, None):
                yield Kept(int(line[:_RECEIVED_BYTES]), line[_KEY_BYTES:-1])

    @property
    def empty(self) -> bool:
        return not self._paths()

    def clear(self) -> None:
        """Remove all runs."""
        for path in self._paths():
            path.unlink()

    def _spill(self) -> None:
        self._lines.sort()
        self._write(self._lines)
        self._lines, self._bytes = [], 0

    def _write(self, lines: Iterable[bytes]) -> None:
        path = self._folder / f"{self._runs:06}.run.gz"
        self._runs += 1
        with path.open("wb") as file:
            with gzip.GzipFile(fileobj=file, mode="wb", compresslevel=1, mtime=0) as packed:
                packed.writelines(lines)
            file.flush()
            os.fsync(file.fileno())

    def _paths(self) -> list[Path]:
        return sorted(self._folder.glob("*.run.gz"))


def _opened(path: Path) -> IO[bytes]:
    return cast(IO[bytes], gzip.open(path, "rb"))
