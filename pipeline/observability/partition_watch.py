"""What the partitions of one agent tell of their life, as metrics; `pipeline.kafka.partition_owner.Watch`."""

import shutil
import time
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Protocol

import msgspec

from pipeline.domain.decision import (
    ABANDONMENT_TRIGGERS,
    CONSENT_CHANGES,
    EXPERIMENT_EXPOSURES,
    IDENTITY_CHANGES,
    LOYALTY_TIERS,
    MESSAGE_RESULTS,
    MESSAGE_SUPPRESSIONS,
    MESSAGES,
    SEGMENT_CHANGES,
)
from pipeline.observability.metric_table import CounterName, GaugeName
from pipeline.observability.metrics import Metrics
from pipeline.runtime.decision_kind import labels_of
from pipeline.runtime.partition import Taken
from pipeline.runtime.ports import Batch, StateStats

# Set anew at each scrape, so that partitions that went away are not shown for ever.
_STANDING: tuple[GaugeName, ...] = (
    "partitions",
    "next_offset",
    "source_lag_records",
    "partition_time_lag_seconds",
    "state_keys",
    "state_disk_bytes",
    "state_memory_bytes",
    "standby_lag_records",
    "sweeping",
)

_OF_KIND: dict[str, CounterName] = {
    SEGMENT_CHANGES: "segment_changes_total",
    ABANDONMENT_TRIGGERS: "abandonments_total",
    LOYALTY_TIERS: "tier_changes_total",
    CONSENT_CHANGES: "consent_changes_total",
    MESSAGES: "messages_total",
    MESSAGE_SUPPRESSIONS: "message_suppressions_total",
    MESSAGE_RESULTS: "message_results_total",
    EXPERIMENT_EXPOSURES: "experiment_exposures_total",
    IDENTITY_CHANGES: "identity_changes_total",
}


class Restored(Protocol):
    """`pipeline.kafka.restore.Restored`."""

    @property
    def records(self) -> int: ...

    @property
    def seconds(self) -> float: ...


class Standing(msgspec.Struct, frozen=True):
    """Where one assigned partition stands. next_offset: None while not open. lag: source records left, None = unknown.

    time: partition time, ms, 0 = none yet. store: None while not open. sweeping: records of another plan may be left.
    """

    partition: int
    stage: str
    next_offset: int | None = None
    lag: int | None = None
    time: int = 0
    store: StateStats | None = None
    sweeping: bool = False


class MemoryUse(msgspec.Struct, frozen=True):
    """What one use of memory takes over all partitions of the process, and its bound; bytes."""

    use: str
    used: int
    bound: int


class PartitionWatch:
    """Called from the threads that process partitions; every call is short and never raises.

    clock: s since the epoch, as the brokers' time.
    """

    def __init__(self, metrics: Metrics, clock: Callable[[], float] = time.time) -> None:
        self._metrics = metrics
        self._clock = clock

    def taken(self, partition: int, batch: Batch, taken: Taken, seconds: float) -> None:
        """A round is committed."""
        metrics, counts = self._metrics, taken.counts
        metrics.add("rounds_total")
        metrics.observe("round_seconds", seconds)
        metrics.observe("round_records", counts.records)
        metrics.add("records_total", counts.records)
        metrics.add("events_total", counts.events)
        metrics.add("progress_records_total", counts.progress)
        metrics.add("raised_total", counts.raised)
        metrics.add("duplicates_total", counts.duplicates)
        if counts.timers:
            metrics.add("timers_fired_total", counts.timers)
            metrics.observe("timer_lateness_seconds", max(0.0, self._clock() - counts.first_due / 1000))
        metrics.add("shoppers_written_total", counts.shoppers)
        metrics.add("shoppers_swept_total", counts.swept)
        metrics.add("shoppers_backfilled_total", counts.grafted)
        metrics.add("record_cache_total", counts.hits, "hit")
        metrics.add("record_cache_total", counts.misses, "miss")
        for reason, number in counts.dead.items():
            metrics.add("dead_letters_total", number, reason)
        for topic, number in counts.decisions.items():
            metrics.add("decisions_total", number, topic)
        for kind, number in counts.kinds.items():
            metrics.add(_OF_KIND[kind[0]], number, *labels_of(kind))
        for remark, number in counts.remarks.items():
            metrics.add("remarks_total", number, remark)

    def restoring(self, partition: int, records: int, left: int) -> None:
        """A restore has read so many changelog records, and has so many offsets left."""
        self._metrics.set("restore_left_records", left, str(partition))

    def restored(self, partition: int, restored: Restored) -> None:
        self._metrics.add("restore_records_total", restored.records)
        self._metrics.observe("restore_seconds", restored.seconds)
        self._metrics.set("restore_left_records", 0, str(partition))

    def discarded(self, partition: int, reason: str) -> None:
        """The local state was of no use and is restored from scratch. reason: an exception's name."""
        self._metrics.add("state_discarded_total", 1, reason)

    def followed(self, records: int) -> None:
        """Changelog records of a partition of another worker are applied."""
        self._metrics.add("standby_records_total", records)

    def interrupted(self, reason: str) -> None:
        """A standby is not followed for a while. reason: an exception's name."""
        self._metrics.add("standby_interruptions_total", 1, reason)

    def queue_full(self) -> None:
        self._metrics.add("send_buffer_full_total")

    def retried(self, partition: int) -> None:
        """The partition failed and will be fenced and restored anew."""
        self._metrics.add("retries_total")

    def refused(self, partition: int) -> None:
        """A batch did not follow what was taken last."""
        self._metrics.add("discontinuities_total")

    def fenced(self, partition: int) -> None:
        self._metrics.add("fenced_total")

    def rebalanced(self) -> None:
        self._metrics.add("rebalances_total")

    def follow(
        self,
        standings: Callable[[], Iterable[Standing]],
        lags: Callable[[], Mapping[int, int]] = dict,
    ) -> Callable[[], None]:
        """Have the partitions' gauges set at each scrape from `standings`. lags: of standbys, by partition."""

        def ask() -> None:
            self._stand(list(standings()), self._clock())
            for partition, lag in lags().items():
                self._metrics.set("standby_lag_records", lag, str(partition))

        self._metrics.probe(ask)
        return ask

    def follow_memory(self, uses: Callable[[], Iterable[MemoryUse]]) -> None:
        """Have what is bounded over all partitions set at each scrape."""

        def ask() -> None:
            for each in uses():
                self._metrics.set("state_memory_used_bytes", each.used, each.use)
                self._metrics.set("state_memory_bound_bytes", each.bound, each.use)

        self._metrics.probe(ask)

    def follow_disk(self, directory: Path) -> None:
        """Have the room of the file system that the state is on told at each scrape."""

        def ask() -> None:
            usage = shutil.disk_usage(directory)
            self._metrics.set("disk_free_bytes", usage.free)
            self._metrics.set("disk_size_bytes", usage.total)

        self._metrics.probe(ask)

    def _stand(self, standings: list[Standing], now: float) -> None:
        metrics = self._metrics
        for name in _STANDING:
            metrics.forget(name)
        stages: dict[str, int] = {}
        for each in standings:
            stages[each.stage] = stages.get(each.stage, 0) + 1
            label = str(each.partition)
            if each.next_offset is not None:
                metrics.set("next_offset", each.next_offset, label)
            if each.lag is not None:
                metrics.set("source_lag_records", each.lag, label)
            if each.time:
                metrics.set("partition_time_lag_seconds", max(0.0, now - each.time / 1000), label)
            if each.next_offset is not None:
                metrics.set("sweeping", int(each.sweeping), label)
            if each.store is not None:
                metrics.set("state_keys", each.store.keys, label)
                metrics.set("state_disk_bytes", each.store.disk, label)
                metrics.set("state_memory_bytes", each.store.memory, label)
        for stage, number in stages.items():
            metrics.set("partitions", number, stage)
