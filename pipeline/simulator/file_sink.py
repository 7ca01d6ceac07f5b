"""A file of calls, one a line; compressed if its name ends in .gz."""

import gzip
import sys
from pathlib import Path
from types import TracebackType
from typing import IO, cast

from pipeline.simulator.traffic import Delivery

STDOUT = "-"


class FileSink:
    """name: a path, or `-` for standard output. Raises OSError if it cannot be written. Equal calls are equal bytes."""

    def __init__(self, name: str) -> None:
        self._close: list[IO[bytes]] = []
        if name == STDOUT:
            self._file = cast(IO[bytes], sys.stdout.buffer)
            return
        self._file = Path(name).open("wb")  # noqa: SIM115 - closed on leaving
        self._close.append(self._file)
        if name.endswith(".gz"):
            # Neither name nor time of writing in it.
            self._file = cast(IO[bytes], gzip.GzipFile("", "wb", 6, self._file, mtime=0))
            self._close.insert(0, self._file)

    def __enter__(self) -> "FileSink":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for file in self._close:
            file.close()
        if not self._close:
            self._file.flush()

    def send(self, delivery: Delivery) -> None:
        self._file.write(delivery.value + b"\n")
