"""Keeps the live page's state up with the topics, and begins anew after brokers were away."""

import logging
import threading
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Protocol

from pipeline.console.live_state import LiveState
from pipeline.demo.published_record import PublishedRecord

log = logging.getLogger(__name__)

_AGAIN = 3.0
_ARRIVALS = 1.0


class Away(Exception):
    """The topics can't be read now; a sentence."""


class Source(Protocol):
    """records: all that the topics have, then what comes. arrivals: what counts the records that the clickstream has
    had. Both raise Away, at any time."""

    def records(self) -> AbstractContextManager[Iterable[PublishedRecord]]: ...

    def arrivals(self) -> AbstractContextManager[Callable[[], int]]: ...


class Feed:
    """Two threads, until the process ends or `close`."""

    def __init__(self, source: Source, state: LiveState) -> None:
        self._source = source
        self._state = state
        self._stopping = threading.Event()

    def start(self) -> None:
        for work, missed in ((self._follow, self._tell), (self._count, self._forget)):
            arguments = (work, missed)
            threading.Thread(target=self._again_and_again, args=arguments, name="console", daemon=True).start()

    def close(self) -> None:
        self._stopping.set()

    def _again_and_again(self, work: Callable[[], None], missed: Callable[[Away], None]) -> None:
        while not self._stopping.is_set():
            try:
                work()
            except Away as away:
                missed(away)
            self._stopping.wait(_AGAIN)

    def _follow(self) -> None:
        self._state.clear()
        with self._source.records() as records:
            for record in records:
                if self._stopping.is_set():
                    break
                self._state.see(record)

    def _count(self) -> None:
        with self._source.arrivals() as arrivals:
            while not self._stopping.wait(_ARRIVALS):
                self._state.see_arrivals(arrivals())

    def _tell(self, away: Away) -> None:
        self._state.problem = str(away)
        log.warning("%s", away)

    def _forget(self, away: Away) -> None:
        self._state.see_arrivals(None)
