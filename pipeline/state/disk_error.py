"""What RocksDB and the disk say, as errors of a state partition."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from pipeline.runtime.ports import StateCorrupt, StateError, StateLocked

# What the system says, and what there is to do. Nothing is lost: the changelog has what the disk did not take.
_DISK = {
    "No space left": "the disk is full; make room, and the state is restored from the changelog",
    "Disk quota exceeded": "the disk quota is used up; make room, and the state is restored from the changelog",
    "File too large": "a file may not grow further (a limit of this process or file system); raise it",
    "Read-only file system": "the disk is read-only; check the mount and the disk's health",
    "Permission denied": "permission denied; the worker's user has to own the data directory",
    "Result incomplete": "the disk does not keep up, or takes nothing; is it full or failing?",
    "Input/output error": "the disk fails; replace it, and the state is restored from the changelog",
}

# As of one that is held; the path in a text may have "lock" in it too.
_LOCKED = ("lock hold by current process", "No locks available", "Resource temporarily unavailable")
# A file that another one names, as CURRENT names the manifest, is missing: the directory is made before it is opened.
_DAMAGED = ("Corruption", "No such file or directory")


@contextmanager
def translated(path: Path) -> Iterator[None]:
    """rocksdict raises plain Exception with RocksDB's text; say what it means, and where."""
    try:
        yield
    except StateError:
        raise
    except Exception as error:
        text = str(error)
        if any(sign in text for sign in _LOCKED):
            raise StateLocked(f"{path} is locked: another worker, or one that has not ended, uses it") from error
        if any(sign in text for sign in _DAMAGED):
            raise StateCorrupt(f"{path} is damaged: {text}") from error
        for sign, meaning in _DISK.items():
            if sign in text:
                raise StateError(f"{path}: {meaning}") from error
        raise StateError(f"{path}: {text}") from error
