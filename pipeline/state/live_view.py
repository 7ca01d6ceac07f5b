"""Partitions' stores that a worker goes on writing, looked at again and again: opened once, then brought up to date.

Opening costs as much as a store has tables; catching up costs what was written since.
"""

import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from rocksdict import Rdict

from pipeline.runtime.ports import StateError
from pipeline.state.disk_error import translated
from pipeline.state.store_view import StoreView, catch_up, opened_beside

_IDENTITY = "IDENTITY"


class LiveView:
    """One partition's. `view` shows the store as of the latest `catch_up`, `read_at`: seconds since 1970."""

    def __init__(self, path: Path, now: Callable[[], float] = time.time) -> None:
        """Raises StateError."""
        self._path = path
        self._now = now
        self._folder = tempfile.TemporaryDirectory(prefix="afterclick-view-")
        self._identity = self._identified()
        self.read_at = now()
        try:
            self._db: Rdict = opened_beside(path, Path(self._folder.name))
        except BaseException:
            self._folder.cleanup()
            raise
        self.view = StoreView(path, self._db)

    @property
    def stale(self) -> bool:
        """Whether another store lies there now: its owner restored the partition anew."""
        try:
            return self._identified() != self._identity
        except StateError:
            return True

    def catch_up(self) -> None:
        """Raises StateError; the view is to be closed then, and opened anew."""
        read_at = self._now()
        catch_up(self._path, Path(self._folder.name), self._db)
        self.read_at = read_at

    def close(self) -> None:
        with suppress(Exception):
            self._db.close()
        self._folder.cleanup()

    def _identified(self) -> bytes:
        with translated(self._path):
            return (self._path / _IDENTITY).read_bytes()


class LiveViews:
    """Views of the stores under one directory, opened when they are asked for. One thread at a time.

    patience: seconds that a view may be old.
    """

    def __init__(self, directory: Path, patience: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._directory = directory
        self._patience = patience
        self._clock = clock
        self._views: dict[int, LiveView] = {}
        self._looked: dict[int, float] = {}

    def of(self, partition: int) -> LiveView:
        """No older than `patience`. Raises StateError."""
        now = self._clock()
        live = self._views.get(partition)
        if live is not None and now - self._looked[partition] < self._patience:
            return live
        if live is not None and live.stale:
            self.drop(partition)
            live = None
        try:
            if live is None:
                live = self._views[partition] = LiveView(self._directory / str(partition))
            else:
                live.catch_up()
        except StateError:
            self.drop(partition)
            raise
        self._looked[partition] = now
        return live

    def keep(self, partitions: frozenset[int]) -> None:
        """Close the views of all others."""
        for partition in self._views.keys() - partitions:
            self.drop(partition)

    def drop(self, partition: int) -> None:
        live = self._views.pop(partition, None)
        if live is not None:
            live.close()

    def close(self) -> None:
        self.keep(frozenset())
