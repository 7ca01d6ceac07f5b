"""Finds a worker that is alive and does nothing: the event loop stands still, or records wait and none is taken."""

import faulthandler
import logging
import sys
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

import msgspec

log = logging.getLogger(__name__)

PATIENCE = 60.0
"""Seconds without progress after which a worker counts as stuck."""


class Beat:
    """When the event loop last turned. `turn` is called by the loop, `age` (s) may be asked from any thread."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._last = clock()

    def turn(self) -> None:
        self._last = self._clock()

    @property
    def age(self) -> float:
        return self._clock() - self._last


class Place(msgspec.Struct, frozen=True):
    """Where a partition that should be working stands. lag: source records not taken yet."""

    next_offset: int
    lag: int


class StuckDetector:
    """Watches progress against lag. A partition without lag, or one that is not asked about any more, is never stuck.

    places: partition -> Place, of those that should be taking batches. clock: s, monotonic.
    """

    def __init__(
        self,
        beat: Beat,
        places: Callable[[], Mapping[int, Place]],
        patience: float = PATIENCE,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._beat = beat
        self._places = places
        self._patience = patience
        self._clock = clock
        self._since: dict[int, tuple[int, float]] = {}

    def complaints(self) -> list[str]:
        """What is stuck, as sentences; empty if all is well. To be asked every few seconds, by one thread."""
        if self._beat.age > self._patience:
            return [f"the event loop has not turned for {self._beat.age:.0f} s"]
        now, places = self._clock(), self._places()
        self._since = {
            partition: self._since[partition]
            if self._since.get(partition, (None,))[0] == place.next_offset
            else (place.next_offset, now)
            for partition, place in places.items()
            if place.lag > 0
        }
        return [
            f"partition {partition} has taken nothing for {now - since:.0f} s and has {places[partition].lag} records "
            "waiting"
            for partition, (_, since) in sorted(self._since.items())
            if now - since > self._patience
        ]


class Watchdog:
    """Asks a detector on a thread of its own, and at the first complaint writes all threads' stacks and gives up.

    give_up: ends the process, with an exit code other than 0, so that whoever runs it starts it anew.
    """

    def __init__(self, detector: StuckDetector, give_up: Callable[[], None], every: float = 5.0) -> None:
        self._detector = detector
        self._give_up = give_up
        self._every = every
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def _watch(self) -> None:
        while not self._stopped.wait(self._every):
            complaints = self._detector.complaints()
            if complaints:
                log.critical("Stuck: %s. Stacks follow, then the process ends.", "; ".join(complaints))
                dump_stacks()
                self._give_up()
                return


def dump_stacks() -> None:
    """All threads' stacks to stderr: places in code only, no values."""
    stderr = sys.__stderr__
    if stderr is not None:
        faulthandler.dump_traceback(stderr, all_threads=True)
