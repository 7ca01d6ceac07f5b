"""Every metric: its name, kind, unit, labels and meaning. The one place where a metric comes into being.

Prometheus' rules: prefix `afterclick_`, base units, `_total` for counters. Those of workers also have the label
`agent` (`intake`, `shopper`). A partition may be a label, a shopper never. docs/operations.md and docs/collector.md
hold these tables, generated.
"""

from dataclasses import dataclass
from typing import Literal

PREFIX = "afterclick_"
AGENT = "agent"

CounterName = Literal[
    "records_total",
    "events_total",
    "progress_records_total",
    "dead_letters_total",
    "duplicates_total",
    "raised_total",
    "remarks_total",
    "decisions_total",
    "segment_changes_total",
    "abandonments_total",
    "tier_changes_total",
    "consent_changes_total",
    "messages_total",
    "message_suppressions_total",
    "message_results_total",
    "experiment_exposures_total",
    "identity_changes_total",
    "timers_fired_total",
    "shoppers_written_total",
    "shoppers_swept_total",
    "shoppers_backfilled_total",
    "record_cache_total",
    "rounds_total",
    "retries_total",
    "fenced_total",
    "discontinuities_total",
    "rebalances_total",
    "send_buffer_full_total",
    "restore_records_total",
    "state_discarded_total",
    "standby_records_total",
    "standby_interruptions_total",
]
GaugeName = Literal[
    "build_info",
    "ready",
    "partitions",
    "next_offset",
    "source_lag_records",
    "partition_time_lag_seconds",
    "restore_left_records",
    "standby_lag_records",
    "sweeping",
    "state_keys",
    "state_disk_bytes",
    "state_memory_bytes",
    "state_memory_used_bytes",
    "state_memory_bound_bytes",
    "disk_free_bytes",
    "disk_size_bytes",
    "resident_memory_bytes",
    "loop_age_seconds",
]
HistogramName = Literal["round_seconds", "round_records", "timer_lateness_seconds", "restore_seconds"]
CollectorName = Literal[
    "collector_requests_total",
    "collector_events_total",
    "collector_oversize_total",
    "collector_connections_refused_total",
    "collector_request_seconds",
    "collector_spool_bytes",
    "collector_in_flight_bytes",
    "collector_spooling",
    "collector_connections",
]
MetricName = CounterName | GaugeName | HistogramName | CollectorName


@dataclass(frozen=True, slots=True)
class Definition:
    """unit: what one is, in words. buckets: upper bounds of a histogram's, in its unit."""

    name: MetricName
    kind: Literal["counter", "gauge", "histogram"]
    unit: str
    labels: tuple[str, ...]
    meaning: str
    buckets: tuple[float, ...] = ()

    @property
    def full_name(self) -> str:
        return PREFIX + self.name


def _counter(name: CounterName, unit: str, meaning: str, *labels: str) -> Definition:
    return Definition(name, "counter", unit, labels, meaning)


def _gauge(name: GaugeName, unit: str, meaning: str, *labels: str) -> Definition:
    return Definition(name, "gauge", unit, labels, meaning)


DEFINITIONS: tuple[Definition, ...] = (
    _counter("records_total", "records", "Taken from the source topic, of any kind, committed."),
    _counter("events_total", "events", "Accepted and applied (shopper), or forwarded (intake)."),
    _counter("progress_records_total", "records", "Progress records taken: how time reaches shoppers without events."),
    _counter("dead_letters_total", "records", "Sent to the dead-letter topic, by reason.", "reason"),
    _counter("duplicates_total", "events", "Dropped as repeated: same message id, same body."),
    _counter("raised_total", "events", "Received time brought up to what time had reached already."),
    _counter("remarks_total", "events", "Oddities worth a look that are no error, by kind.", "remark"),
    _counter("decisions_total", "decisions", "Published, by logical topic.", "topic"),
    _counter("segment_changes_total", "changes", "Shoppers who entered or left a segment.", "segment", "change"),
    _counter(
        "abandonments_total",
        "triggers",
        "Abandonments by kind, stage and change: `recovered` over `abandoned` is the recovery rate of a stage.",
        "kind",
        "stage",
        "change",
    ),
    _counter(
        "tier_changes_total",
        "changes",
        "Shoppers who joined a programme, or whose tier changed, was kept, or will end soon.",
        "programme",
        "from",
        "to",
        "change",
    ),
    _counter(
        "consent_changes_total",
        "changes",
        "What shoppers said of being written to: `after` is what stands now, and `reason` why.",
        "channel",
        "purpose",
        "after",
        "reason",
    ),
    _counter("messages_total", "messages", "Decided to be sent.", "message", "channel", "variant"),
    _counter(
        "message_suppressions_total",
        "messages",
        "Not sent, by reason: for good (`ended`), or not yet (`deferred`).",
        "message",
        "reason",
        "end",
    ),
    _counter(
        "message_results_total",
        "messages",
        "What came of them: sent, delivered, opened, clicked, failed, recovered.",
        "message",
        "variant",
        "result",
    ),
    _counter(
        "experiment_exposures_total",
        "shoppers",
        "Who takes part in experiments, and ordered within the time.",
        "experiment",
        "variant",
        "holdout",
        "change",
    ),
    _counter(
        "identity_changes_total",
        "anonymous ids",
        "What became of anonymous ids that a user came with, and why of those that were refused.",
        "change",
        "reason",
    ),
    _counter("timers_fired_total", "timers", "Due times that were reached and looked at."),
    _counter("shoppers_written_total", "writes", "Shopper records written: distinct shoppers of each round, added up."),
    _counter("shoppers_swept_total", "shoppers", "Brought under a changed topology by the sweep."),
    _counter("shoppers_backfilled_total", "shoppers", "Given history by a backfill."),
    _counter("record_cache_total", "look-ups", "Of the cache of shopper records: hit or miss.", "result"),
    _counter("rounds_total", "transactions", "Committed: a batch, or a bounded part of one."),
    _counter("retries_total", "tries", "A partition failed and was fenced and restored anew."),
    _counter("fenced_total", "times", "Another worker took a partition over while this one still worked on it."),
    _counter("discontinuities_total", "batches", "Refused for not following what was taken last, and fetched again."),
    _counter("rebalances_total", "rebalances", "Of the consumer group, completed."),
    _counter("send_buffer_full_total", "times", "The producer had to wait for room in its send buffer."),
    _counter("restore_records_total", "records", "Changelog records read to restore state."),
    _counter("state_discarded_total", "times", "Local state thrown away and restored from scratch.", "reason"),
    _counter("standby_records_total", "records", "Changelog records applied to partitions of other workers."),
    _counter("standby_interruptions_total", "times", "A standby could not be followed for a while.", "reason"),
    _gauge("build_info", "always 1", "The version that runs.", "version"),
    _gauge("ready", "0 or 1", "All assigned partitions take batches."),
    _gauge("partitions", "partitions", "Assigned, by stage of their life.", "stage"),
    _gauge("next_offset", "offset", "The first source record not taken yet.", "partition"),
    _gauge("source_lag_records", "records", "Source records not taken yet.", "partition"),
    _gauge(
        "partition_time_lag_seconds",
        "seconds",
        "How far partition time is behind this machine's clock: timers are late by this much.",
        "partition",
    ),
    _gauge("restore_left_records", "offsets", "What a running restore has left to read.", "partition"),
    _gauge("standby_lag_records", "offsets", "What a standby has left to apply.", "partition"),
    _gauge("sweeping", "0 or 1", "Shoppers may be left that a changed topology has not reached yet.", "partition"),
    _gauge("state_keys", "keys", "Shopper records in the store, an estimate.", "partition"),
    _gauge("state_disk_bytes", "bytes", "The store's files.", "partition"),
    _gauge("state_memory_bytes", "bytes", "The store's memtables; all of them together have a bound.", "partition"),
    _gauge(
        "state_memory_used_bytes",
        "bytes",
        "What all partitions, owned or followed, share: block_cache, write_buffers, record_cache.",
        "use",
    ),
    _gauge("state_memory_bound_bytes", "bytes", "What it may grow to.", "use"),
    _gauge("disk_free_bytes", "bytes", "Left for this process on the file system that the state is on."),
    _gauge("disk_size_bytes", "bytes", "Of that file system."),
    _gauge("resident_memory_bytes", "bytes", "Resident memory of the process."),
    _gauge("loop_age_seconds", "seconds", "Since the event loop last turned."),
    Definition(
        "round_seconds",
        "histogram",
        "seconds",
        (),
        "From taking a batch to its commit and local write.",
        (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
    ),
    Definition(
        "round_records",
        "histogram",
        "records",
        (),
        "Source records of one round.",
        (1, 10, 100, 500, 1_000, 2_500, 5_000, 10_000, 25_000),
    ),
    Definition(
        "timer_lateness_seconds",
        "histogram",
        "seconds",
        (),
        "From the instant that a timer was due until its decision was committed; of each round the first one.",
        (0.5, 1, 2, 3, 5, 10, 30, 60, 300, 900, 3_600),
    ),
    Definition(
        "restore_seconds",
        "histogram",
        "seconds",
        (),
        "Restore of one partition.",
        (0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 900),
    ),
)
