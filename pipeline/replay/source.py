"""Inputs: files, compressed ones and standard input, as numbered values with the bytes they came from."""

import gzip
import io
import os
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Protocol, cast

STDIN = "-"
_GZIP_MAGIC = b"\x1f\x8b"
_BOM = b"\xef\xbb\xbf"
_SKIPPED = 1 << 20

# Number of the line (from 1), the value for intake, and the original bytes if the value was made from others.
Value = tuple[int, bytes, bytes | None]


class InputError(Exception):
    """An input cannot be read, or stopped being readable; one sentence that says which and why."""


class Source(Protocol):
    """name: as given on the command line. read, size: bytes read so far and in all (0 = unknown), for progress."""

    name: str
    size: int

    def __iter__(self) -> Iterator[Value]: ...

    def read(self) -> int: ...


class ByteStream:
    """The bytes of an input, uncompressed if it begins like gzip. name: a path, or `-` for standard input."""

    def __init__(self, name: str) -> None:
        self.name = name
        try:
            self._raw = cast(
                io.BufferedReader,
                sys.stdin.buffer if name == STDIN else Path(name).open("rb"),  # noqa: SIM115 - closed when read
            )
            self.size = 0 if name == STDIN else os.fstat(self._raw.fileno()).st_size
            self._compressed = self._raw.peek(2)[:2] == _GZIP_MAGIC
        except OSError as error:
            raise InputError(f"{name} cannot be read: {error.strerror}.") from None

    def read(self) -> int:
        """Bytes taken from the file so far."""
        return self._raw.tell() if self.size and not self._raw.closed else self.size

    def lines(self, limit: int | None = None) -> Iterator[bytes]:
        """Lines as they stand, with their ends. limit: of a line with more bytes the rest is left out; it is still
        longer than that. Raises InputError where the input breaks off."""
        lines = cast(IO[bytes], gzip.GzipFile(fileobj=self._raw)) if self._compressed else self._raw
        try:
            yield from lines if limit is None else _bounded(lines, limit)
        except (EOFError, OSError, zlib.error) as error:
            raise InputError(f"{self.name} cannot be read to its end: {error}.") from None
        finally:
            if self.name != STDIN:
                self._raw.close()


def _bounded(lines: IO[bytes], limit: int) -> Iterator[bytes]:
    while line := lines.readline(limit + len(b"\r\n")):
        rest = line
        while rest and not rest.endswith(b"\n"):
            rest = lines.readline(_SKIPPED)
        yield line


class LineSource:
    """Newline-delimited values. Blank lines are no values, and a byte order mark is none of the first one."""

    def __init__(self, name: str) -> None:
        self._bytes = ByteStream(name)
        self.name, self.size, self.read = name, self._bytes.size, self._bytes.read

    def __iter__(self) -> Iterator[Value]:
        for number, line in enumerate(self._bytes.lines(), 1):
            value = line.rstrip(b"\r\n")
            if number == 1:
                value = value.removeprefix(_BOM)
            if value and not value.isspace():
                yield number, value, None
