"""The directory that one worker process owns."""

import fcntl
import os
from pathlib import Path


class DataDirectoryError(Exception):
    """The directory can't be used; the message says what to do."""


class DataDirectory:
    """Made if missing, and locked for this process until it ends."""

    def __init__(self, path: Path) -> None:
        """Raises DataDirectoryError."""
        self.path = path
        try:
            path.mkdir(parents=True, exist_ok=True)
            self._file = (path / "owner").open("a+")
        except OSError as error:
            raise DataDirectoryError(
                f"The data directory {path} can't be written ({error.strerror}); name another with --data-dir or "
                "AFTERCLICK_DATA_DIR."
            ) from error
        try:
            fcntl.flock(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self._file.seek(0)
            owner = self._file.read().strip() or "unknown"
            self._file.close()
            raise DataDirectoryError(
                f"The data directory {path} is in use by another worker (process {owner}); give each worker its own "
                "with --data-dir or AFTERCLICK_DATA_DIR."
            ) from None
        self._file.truncate(0)
        self._file.write(f"{os.getpid()}\n")
        self._file.flush()

    def release(self) -> None:
        """Let another process have it. Idempotent."""
        self._file.close()
