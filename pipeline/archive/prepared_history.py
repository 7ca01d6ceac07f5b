"""A history that was read and sorted, in a folder of its own: an import that is started again finds it there."""

import hashlib
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import msgspec

from pipeline.archive.reading import Reading, Summary
from pipeline.archive.sorted_history import SortedHistory
from pipeline.archive.source import ArchiveSource
from pipeline.replay.source import InputError

_SUMMARY = "summary.json"


def name_of(files: Sequence[Path], *facts: Any) -> str:
    """What tells a history from others: the files, as they are, and all else that it depends on. Raises InputError."""
    try:
        found = [(path, path.stat()) for path in files]
    except OSError as error:
        raise InputError(f"{error.filename} cannot be read: {error.strerror}.") from None
    stats = [(str(path.resolve()), status.st_size, status.st_mtime_ns) for path, status in found]
    return hashlib.sha256(msgspec.json.encode([stats, facts])).hexdigest()[:16]


class PreparedHistory:
    """folder: of all imports. name: see `name_of`. letters: where what is refused goes, unless it is to go elsewhere.
    The files are complete once the summary is there."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.folder = folder / name
        self.history = SortedHistory(self.folder)
        self.letters = self.folder / "dead-letters.ndjson"

    def summary(self) -> Summary | None:
        """None: not read yet, or not to the end."""
        try:
            return msgspec.json.decode((self.folder / _SUMMARY).read_bytes(), type=Summary)
        except FileNotFoundError:
            return None

    @property
    def sent(self) -> bool:
        """Whether it was sent to its end before: then only the summary is left of it."""
        summary = self.summary()
        return summary is not None and summary.events > 0 and self.history.empty

    def prepare(self, reading: Reading, sources: Sequence[ArchiveSource], letters: Path, *, broken: bool) -> Summary:
        """Read and sort. letters: the file for what is refused. broken: what can be read of files that break off is
        taken; else nothing is prepared then, and the summary says why. Raises MappingError, OSError."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        with letters.open("wb") as refused:
            summary = reading.read(sources, self.history, refused)
        if summary.broken and not broken:
            self.history.clear()
            return summary
        self.history.finish()
        part = self.folder / f"{_SUMMARY}.part"
        part.write_bytes(msgspec.json.encode(summary))
        part.replace(self.folder / _SUMMARY)
        return summary
