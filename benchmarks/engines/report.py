"""The comparison as it is kept: figures of each engine, as spreads and as ratios to Afterclick."""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median

from benchmarks.engines.agreement import Agreement
from benchmarks.engines.delay import Delay
from benchmarks.result import record, spread

FIRST = "afterclick"
METHOD = (
    "One Apache Kafka, one topic of Segment calls (4 partitions, lz4, 200,000 Zipf-like shoppers); each engine from "
    "the topic's beginning, with state on disk and its own way of recovery on, all its processes on one core (two "
    "workers: one on each core), broker and reader on the other. Rate and CPU (user and system, all threads) are those "
    "between the first commit seen after half of the work and the last one; progress is what decisions visible to a "
    "read-committed consumer tell. Memory: proportional set size, its peak. Latency: from when an event was due to be "
    "sent until its decision was read, at half of the rate just measured. Decisions are compared as sets, by shopper, "
    "rule, change, level and effective instant; repeated are the copies that an engine published of one."
)
TARGET = ">= 25x idiomatic Faust; >= 2x Quix Streams exactly-once (3x to reach for); >= 5x Bytewax with recovery"


@dataclass(frozen=True)
class Run:
    """rate: events a second. cpu: seconds a million events. peak: bytes."""

    rate: float
    cpu: float
    peak: int
    delay: Delay
    agreement: Agreement


@dataclass
class Comparison:
    """All runs. events: what Afterclick was asked to work off."""

    events: int
    repeats: int
    versions: dict[str, str] = field(default_factory=dict)
    runs: dict[str, list[Run]] = field(default_factory=dict)

    def add(self, name: str, run: Run) -> None:
        self.runs.setdefault(name, []).append(run)
        print(
            f"{name}: {run.rate:,.0f} events/s, {run.cpu:.1f} CPU s a million, {run.peak / 2**20:,.0f} MiB, "
            f"p50 {run.delay.p50:,.0f} ms, p99 {run.delay.p99:,.0f} ms at {run.delay.rate:,.0f} events/s; "
            f"{run.agreement.decisions} decisions of {run.agreement.events} events, "
            f"{'equal' if run.agreement.equal else f'DIFFERENT: {run.agreement}'}, {run.agreement.repeated} repeated",
            flush=True,
        )

    @property
    def equal(self) -> bool:
        return all(run.agreement.equal for runs in self.runs.values() for run in runs)

    def write(self) -> None:
        """results/engines.json."""
        figures = {"events": self.events, "repeats": self.repeats, "outputs_equal": self.equal}
        record("engines", METHOD, TARGET, {**figures, "engines": {name: self._of(name) for name in self.runs}})

    def _of(self, name: str) -> dict[str, object]:
        def over(value: Callable[[Run], float], digits: int = 0) -> dict[str, float]:
            return spread([value(run) for run in self.runs[name]], digits)

        return {
            "version": self.versions[name],
            "events_per_second": over(lambda run: run.rate),
            "cpu_seconds_per_million": over(lambda run: run.cpu, 1),
            "peak_mib": over(lambda run: run.peak / 2**20),
            "p50_ms": over(lambda run: run.delay.p50, 1),
            "p99_ms": over(lambda run: run.delay.p99, 1),
            "half_load": over(lambda run: run.delay.rate),
            "decisions_compared": min(run.agreement.decisions for run in self.runs[name]),
            "decisions_repeated": max(run.agreement.repeated for run in self.runs[name]),
            "afterclick_rate_ratio": self._ratio(name, lambda run: run.rate),
            "afterclick_cpu_ratio": self._ratio(name, lambda run: 1 / run.cpu),
        }

    def _ratio(self, name: str, value: Callable[[Run], float]) -> float:
        """How many times as much Afterclick's one worker does, by the medians."""
        ours, theirs = (median(map(value, self.runs[one])) for one in (FIRST, name))
        return round(ours / theirs, 2)
