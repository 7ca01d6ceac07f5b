"""Works off a backlog with an engine, and judges the warm second half of it."""

import time
from dataclasses import dataclass, field

from benchmarks import process
from benchmarks.engines import engine
from benchmarks.engines.engine import Engine, Failed, Job
from benchmarks.engines.feed import Feed
from benchmarks.engines.source import Source

_MEMORY_PAUSE = 1.0
"""Seconds between two looks at memory: reading it walks the page tables of the process."""

COMMITS = 4
"""At least so many commits of a run, however small it is."""


@dataclass(frozen=True)
class Sample:
    """A moment when decisions became visible. at: s. progress: events. cpu: s, of all processes."""

    at: float
    progress: int
    cpu: float


@dataclass
class Backlog:
    """What working off a backlog cost. peak: bytes, proportional set size of all processes together."""

    feed: Feed
    samples: list[Sample] = field(default_factory=list)
    peak: int = 0

    def enough(self, events: int) -> bool:
        """All is decided, in commits enough to be judged by."""
        return self.feed.progress >= events and len(self.samples) >= COMMITS

    @property
    def _half(self) -> tuple[Sample, Sample]:
        """From the first sample at or after half of what was reached, to the last one: both are commits, so that the
        wait for a commit is part of the time only as often as it happened."""
        last = self.samples[-1]
        first = next(one for one in self.samples if one.progress * 2 >= last.progress)
        return first, last

    @property
    def rate(self) -> float:
        """Events a second."""
        first, last = self._half
        return (last.progress - first.progress) / (last.at - first.at)

    @property
    def cpu(self) -> float:
        """Seconds of CPU a million events."""
        first, last = self._half
        return (last.cpu - first.cpu) / (last.progress - first.progress) * 1e6


def work_off(which: Engine, job: Job, source: Source, events: int, patience: float) -> Backlog:
    """Run until `events` of the source are decided, or for `patience` seconds: then what was reached is judged.

    The source holds more than that, so that the engine never waits for input. Raises Failed if the engine ends, or
    decides too little to be judged.
    """
    started = which.start(job)
    result = Backlog(Feed(job.brokers, which.topics(job), source, lambda number: None))
    begun = looked = time.perf_counter()
    try:
        while not result.enough(events) and time.perf_counter() - begun < patience:
            if any(one.poll() is not None for one in started):
                raise Failed(which, job, "ended")
            moved = result.feed.poll(0.1)
            now = time.perf_counter()
            family = [pid for one in started for pid in process.family(one.pid)]
            if moved:
                result.samples.append(Sample(now, result.feed.progress, sum(map(process.cpu_seconds, family))))
            if now - looked >= _MEMORY_PAUSE:
                result.peak, looked = max(result.peak, sum(map(process.proportional, family))), now
    finally:
        engine.stop(started)
    result.feed.drain(quiet=1.0)
    result.feed.close()
    if len(result.samples) < COMMITS:
        raise Failed(which, job, f"committed too seldom within {patience:.0f} s")
    return result
