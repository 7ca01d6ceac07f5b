"""From a demand to partitions, workers, memory, disk and what Kafka has to bear; docs/sizing.md says it in words."""

from math import ceil

import msgspec

from pipeline.sizing.demand import DAY, Demand, DemandError
from pipeline.sizing.measured import Course, Measured, at

MIB = 1 << 20
GIB = 1 << 30

# One that dies leaves another, which follows its partitions.
_LEAST_WORKERS = 2
_LEAST_PARTITIONS = 4
_MOST_PARTITIONS = 4_096
# Numbers that many numbers of workers divide.
_STEPS = (4, 6)
# A compaction writes a store anew before it drops the old files, and partitions that went away stay for a while.
_DISK_ROOM = 2.0
# The cleaner leaves up to as much again of superseded records (`min.cleanable.dirty.ratio` 0.5).
_CHANGELOG_ROOM = 2.0
_MEMORY_ROOM = 1.3
_MEMORY_STEP = 256


class Sizing(msgspec.Struct, frozen=True):
    """What to deploy. Bytes and seconds, of one worker where it says so.

    event_us: CPU of an event with so many partitions, shoppers and rules. busy: share of a worker's core at the peak.
    progress_rate: progress records a second, of each source partition into each partition. kafka_bytes: on the
    brokers' disks, all replicas. kafka_rate: bytes a second that producers write at the peak, before replication.
    failover: from the end of a dead worker's session until its heir, a standby, decides.
    """

    partitions: int
    workers: int
    event_us: float
    busy: float
    progress_rate: float
    worker_memory: int
    worker_disk: int
    kafka_bytes: int
    kafka_rate: float
    failover: float
    restore: float
    sweep: float


def size(demand: Demand, figures: Measured) -> Sizing:
    """The smallest deployment whose workers are no busier than `demand.utilisation` at the peak. Raises DemandError:
    that is more than one topology bears."""
    partitions, workers = _deployment(demand, figures)
    shoppers = demand.shoppers / workers
    return Sizing(
        partitions=partitions,
        workers=workers,
        event_us=_event_us(demand, figures, partitions, workers),
        busy=_cores(demand, figures, partitions, workers) / workers,
        progress_rate=_progress_rate(demand, partitions),
        worker_memory=_memory(demand, figures, partitions, workers),
        worker_disk=ceil(shoppers * _copies(demand, workers) * _disk_bytes(demand, figures) * _DISK_ROOM),
        kafka_bytes=_kafka_bytes(demand, figures),
        kafka_rate=demand.peak_rate * _bytes_per_event(demand, figures),
        failover=figures.failover_seconds - figures.failover_timeout_seconds,
        restore=shoppers / figures.restore_per_second,
        sweep=shoppers / figures.sweep_per_second,
    )


def _deployment(demand: Demand, figures: Measured) -> tuple[int, int]:
    for workers in range(_LEAST_WORKERS, _MOST_PARTITIONS + 1):
        partitions = partitions_for(workers, demand.growth)
        if _cores(demand, figures, partitions, workers) <= demand.utilisation * workers:
            return partitions, workers
    raise DemandError(
        f"{demand.peak_rate:,.0f} events a second are more than {_MOST_PARTITIONS:,} workers bear; give shops "
        "topologies of their own"
    )


def partitions_for(workers: int, growth: float) -> int:
    """The next of 4, 6, 8, 12, 16, 24, .. that lets `growth` times as many workers have one each."""
    wanted = max(_LEAST_PARTITIONS, ceil(workers * growth))
    double = 0
    while True:
        for step in _STEPS:
            if step << double >= wanted or step << double >= _MOST_PARTITIONS:
                return step << double
        double += 1


def _cores(demand: Demand, figures: Measured, partitions: int, workers: int) -> float:
    """Cores that are busy at the peak. A progress record counts as an event of the shopper agent, which is dear."""
    events = demand.peak_rate * _event_us(demand, figures, partitions, workers)
    return (events + _progress_rate(demand, partitions) * figures.shopper_us) / 1_000_000


def _event_us(demand: Demand, figures: Measured, partitions: int, workers: int) -> float:
    of_one = demand.event_us
    if of_one is None:
        of_one = figures.event_us + _more(figures.course_rules_us, demand.rules, figures.event_rules)
    course = figures.course_partitions_us
    batches = at(course, partitions / workers) / at(course, figures.event_partitions)
    known = figures.event_shoppers / figures.event_partitions
    return of_one * batches + _more(figures.course_shoppers_us, demand.shoppers / partitions, known)


def _more(course: Course, here: float, there: float) -> float:
    """By how much a figure is greater here than where the rest was measured; never less."""
    return max(0.0, at(course, here) - at(course, there))


def _progress_rate(demand: Demand, partitions: int) -> float:
    return partitions * partitions * 1_000 / demand.tick_ms


def _copies(demand: Demand, workers: int) -> int:
    """Of each partition: its owner's and those of its followers, who are other workers."""
    return 1 + min(demand.standbys, workers - 1)


def _memory(demand: Demand, figures: Measured, partitions: int, workers: int) -> int:
    """A limit for a container: what was measured, and more for each partition that is open or followed."""
    open_here = partitions / workers * _copies(demand, workers)
    mib = figures.worker_mib + _more(figures.course_partitions_mib, open_here, figures.memory_partitions)
    return ceil(mib * _MEMORY_ROOM / _MEMORY_STEP) * _MEMORY_STEP * MIB


def _scale(demand: Demand, figures: Measured) -> float:
    """How much larger records are than those that were measured."""
    return 1.0 if demand.record_bytes is None else demand.record_bytes / figures.record_bytes


def _disk_bytes(demand: Demand, figures: Measured) -> float:
    return figures.disk_bytes * _scale(demand, figures)


def _bytes_per_event(demand: Demand, figures: Measured) -> float:
    """Written to Kafka for each event: itself, as shopper-events has it, decisions, one changelog record at most."""
    canonical = max(demand.event_bytes, figures.shopper_events_bytes)
    decisions = figures.decisions_per_event * figures.decision_bytes
    return demand.event_bytes + canonical + decisions + figures.changelog_record_bytes * _scale(demand, figures)


def _kafka_bytes(demand: Demand, figures: Measured) -> int:
    changelog = figures.changelog_record_bytes * _scale(demand, figures)
    kept = (_bytes_per_event(demand, figures) - changelog) * demand.mean_rate * DAY * demand.retention_days
    return ceil((kept + demand.shoppers * changelog * _CHANGELOG_ROOM) * demand.replication)
