"""How long an event takes to a visible decision while an engine is fed at half of what it can do."""

import time
from dataclasses import dataclass
from itertools import islice

from benchmarks.engines import engine
from benchmarks.engines.engine import Engine, Failed, Job
from benchmarks.engines.feed import Feed
from benchmarks.engines.source import Source
from benchmarks.workload import workload

WAKE = 1_000
"""Events sent at once, so that the engine is awake before the load begins; enough to cause a decision."""
WARM = 5.0
"""Seconds at the beginning of the load that are left out."""
QUIET = 8.0
"""Seconds without a decision after which there will be none: longer than any engine's pause between commits."""


@dataclass(frozen=True)
class Delay:
    """Of the decisions that events sent in the judged time caused. rate: events a second. p50, p99: ms."""

    rate: float
    decisions: int
    p50: float
    p99: float


class _Load:
    """Sends an event when it is due, and knows of each when that was."""

    def __init__(self, source: Source, rate: float, seconds: float) -> None:
        self._calls = list(islice(workload(WAKE + int(rate * seconds), seed=2), WAKE + int(rate * seconds)))
        self._source, self._rate = source, rate
        self.delays: dict[int, float] = {}
        """Event -> seconds until its first decision was seen."""
        self._begun = time.perf_counter()

    def wake(self) -> None:
        self._source.fill(self._calls[:WAKE])

    def begin(self) -> None:
        self._begun = time.perf_counter()

    def send_due(self) -> bool:
        """Send all that is due by now; whether there is more to come."""
        while len(self._source) < len(self._calls) and time.perf_counter() >= self._due(len(self._source)):
            self._source.append(*self._calls[len(self._source)])
        return len(self._source) < len(self._calls)

    def seen(self, number: int) -> None:
        if number >= WAKE:
            self.delays.setdefault(number, time.perf_counter() - self._due(number))

    def _due(self, number: int) -> float:
        return self._begun + (number - WAKE) / self._rate


def measure(which: Engine, job: Job, source: Source, rate: float, seconds: float, patience: float = 120) -> Delay:
    """Feed an empty `source` with `rate` events a second, for `seconds` after the warm-up. Time counts from when an
    event was due to be sent. Raises Failed if the engine decides nothing within `patience` seconds."""
    load = _Load(source, rate, WARM + seconds)
    started = which.start(job)
    feed = Feed(job.brokers, which.topics(job), source, load.seen)
    try:
        load.wake()
        deadline = time.perf_counter() + patience
        while not feed.progress:
            if time.perf_counter() > deadline:
                raise Failed(which, job, "decided nothing")
            feed.poll(0.1)
        load.begin()
        while load.send_due():
            feed.poll(0.002)
        source.flush()
        feed.drain(QUIET, patience)
    finally:
        engine.stop(started)
        feed.close()
    first = WAKE + int(rate * WARM)
    waits = sorted(delay * 1000 for number, delay in load.delays.items() if number >= first)
    if not waits:
        raise Failed(which, job, "decided nothing of the judged events")
    return Delay(rate, len(waits), waits[len(waits) // 2], waits[len(waits) * 99 // 100])
