"""Finds a worker that is alive and does nothing: the event loop stands still, or records wait and none is taken."""

import faulthandler
import logging
import sys
import time
from collections.abc import Callable, Mapping
from threading import Event, Thread

import msgspec

log = logging.getLogger(__name__)

PATIENCE = 120.0
"""Seconds without progress after which a worker counts as stuck: more than a commit, or any step of an opening, may
wait for brokers."""

LOOP_PATIENCE = 60.0
"""Seconds without a turn after which the event loop, which never waits for anybody, counts as standing still."""

_STOPPED = 10.0
"""Seconds that the watchdog itself oversleeps when the whole process was stopped."""


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
    """Where a partition that should be working stands. lag: source records not taken yet. tries: grows with each time
    that something failed and is tried again, which has a patience of its own."""

    next_offset: int
    lag: int
    tries: int = 0


class Opening(msgspec.Struct, frozen=True):
    """A partition that is being fenced or restored. steps: grows with all that gets done, also with each new try."""

    stage: str
    steps: int


class StuckDetector:
    """Watches progress against lag. A partition without lag, or one that is not asked about any more, is never stuck.

    places: of the partitions that should be taking batches, or be on their way to it. away: whether the brokers do not
    answer, in which time nobody can get on. clock: s, monotonic.
    """

    def __init__(
        self,
        beat: Beat,
        places: Callable[[], Mapping[int, Place | Opening]],
        patience: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        away: Callable[[], bool] = lambda: False,
    ) -> None:
        self._beat = beat
        self._away = away
        self._places = places
        self._patience = PATIENCE if patience is None else patience
        self._clock = clock
        self._since: dict[int, tuple[Place | Opening, float]] = {}

    def complaints(self) -> list[str]:
        """What is stuck, as sentences; empty if all is well. To be asked every few seconds, by one thread."""
        if self._beat.age > LOOP_PATIENCE:
            return [f"the event loop has not turned for {self._beat.age:.0f} s"]
        if self._away():
            self.forget()
            return []
        now, found = self._clock(), {}
        for partition, place in self._places().items():
            if isinstance(place, Place) and not place.lag:
                continue
            before, since = self._since.get(partition, (place, now))
            found[partition] = place, since if _stands_still(before, place) else now
        self._since = found
        told = (self._complaint(partition, place, now - since) for partition, (place, since) in sorted(found.items()))
        return [sentence for sentence in told if sentence]

    def forget(self) -> None:
        """Begin to count anew."""
        self._since = {}

    def _complaint(self, partition: int, place: Place | Opening, seconds: float) -> str:
        if seconds <= self._patience:
            return ""
        if isinstance(place, Opening):
            return f"partition {partition} is {place.stage} and has made no progress for {seconds:.0f} s"
        return f"partition {partition} has taken nothing for {seconds:.0f} s and has {place.lag} records waiting"


def _stands_still(before: Place | Opening, place: Place | Opening) -> bool:
    if isinstance(before, Place) and isinstance(place, Place):
        return (before.next_offset, before.tries) == (place.next_offset, place.tries)
    return before == place


class Watchdog:
    """Asks a detector on a thread of its own, and at the first complaint writes all threads' stacks and gives up.

    give_up: ends the process, with an exit code other than 0, so that whoever runs it starts it anew.
    """

    def __init__(
        self,
        detector: StuckDetector,
        give_up: Callable[[], None],
        every: float = 5.0,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._detector = detector
        self._give_up = give_up
        self._every = every
        self._clock = clock
        self._looked = clock()
        self._stopped = Event()
        self._thread = Thread(target=self._watch, name="watchdog", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join()

    def look(self) -> bool:
        """Look once. True: it gave up. After a pause of the whole process (SIGSTOP, a suspended machine) it only begins
        to count anew: nothing could get on meanwhile."""
        now = self._clock()
        overslept, self._looked = now - self._looked - self._every, now
        if overslept > _STOPPED:
            self._detector.forget()
            return False
        complaints = self._detector.complaints()
        if complaints:
            log.critical("Stuck: %s. Stacks follow, then the process ends.", "; ".join(complaints))
            dump_stacks()
            self._give_up()
        return bool(complaints)

    def _watch(self) -> None:
        self._looked = self._clock()
        while not self._stopped.wait(self._every):
            if self.look():
                return


def dump_stacks() -> None:
    """All threads' stacks to stderr: places in code only, no values."""
    stderr = sys.__stderr__
    if stderr is not None:
        faulthandler.dump_traceback(stderr, all_threads=True)
