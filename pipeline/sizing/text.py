"""A sizing as lines for people."""

from collections.abc import Iterator

from pipeline.sizing.demand import Demand
from pipeline.sizing.plan import GIB, MIB, Sizing

# More of them than a share of the events is a sign that a longer tick would do.
_MANY_PROGRESS = 0.2


def lines(demand: Demand, sizing: Sizing, costs: dict[str, float]) -> Iterator[tuple[str, str]]:
    """What, and how much with why. costs: empty if no prices were given."""
    yield "events a second", f"{demand.mean_rate:,.0f} on the mean, {demand.peak_rate:,.0f} at the peak"
    yield "kafka.partitions", f"{sizing.partitions:,}, of each topic; they can't be changed later"
    yield (
        "workers",
        f"{sizing.workers:,}, a core each, {sizing.busy:.0%} busy at the peak; {sizing.event_us:.1f} us an event",
    )
    yield "memory of a worker", f"{sizing.worker_memory / MIB:,.0f} MiB, as a container's limit"
    yield "disk of a worker", f"{data(sizing.worker_disk)}, with its standbys and room to compact"
    yield (
        "Kafka's disks",
        f"{data(sizing.kafka_bytes)}, all replicas, {demand.retention_days:g} days, before compression",
    )
    yield "Kafka takes", f"{data(sizing.kafka_rate)} a second at the peak, before replication and compression"
    yield "progress records", _progress(demand, sizing)
    if demand.standbys:
        yield "a worker dies", f"decisions again {sizing.failover:.0f} s after its session times out, by a standby"
    else:
        yield "a worker dies", f"{duration(sizing.restore)} of restoring on its heir, once its session has timed out"
    yield "a disk is lost", f"{duration(sizing.restore)} to restore a worker's shoppers"
    yield "a changed topology", f"{duration(sizing.sweep)} until all shoppers are under it"
    if costs:
        for name, cost in costs.items():
            yield f"a month of {name.replace('_', ' ')}", f"{cost:,.2f}"
        yield "a month", f"{sum(costs.values()):,.2f}"


def _progress(demand: Demand, sizing: Sizing) -> str:
    told = f"{sizing.progress_rate:,.0f} a second, partitions squared at each tick of {demand.tick_ms} ms"
    if sizing.progress_rate > _MANY_PROGRESS * demand.peak_rate and sizing.progress_rate > 1_000:
        return f"{told}: a longer `time.tick` saves most of them, and timers fire that much later"
    return told


def data(size: float) -> str:
    """Bytes in a unit that suits them."""
    for unit, name in ((1 << 50, "PiB"), (1 << 40, "TiB"), (GIB, "GiB")):
        if size >= unit:
            return f"{size / unit:,.1f} {name}"
    return f"{size / MIB:,.1f} MiB"


def duration(seconds: float) -> str:
    """Seconds, or minutes where they are many."""
    return f"{seconds:.0f} s" if seconds < 120 else f"{seconds / 60:.0f} min"
