"""Timers due at the same second: what each costs, how late they are, and how long live events wait behind them."""

import tempfile
from pathlib import Path

from benchmarks.growth.growth import Growth, Scale
from benchmarks.growth.partition import write_records
from benchmarks.growth.pending import evenly, pending, percentile
from benchmarks.growth.virtual import VirtualRun
from pipeline.domain.value.instant import DAY
from pipeline.worker import settle_collector

NOW = 20_000 * DAY
RATE = 200
BEFORE, AFTER = 2_000, 30_000
"""ms that the shop runs before the burst and after it."""


def measure(scale: Scale) -> Growth:
    counts, repeats = ((1_000, 10_000, 100_000), 3) if scale == "full" else ((100, 1_000), 1)
    found = Growth(
        "Timers due at the same second",
        "timers",
        f"One partition in virtual time (above) with {RATE} live events a second and so many abandoned carts due "
        "within one second. Lateness: from a timer's instant until its decision is committed; wait: of the live events "
        f"sent in the {AFTER // 1000} s after the burst, from sent until committed, at most.",
        "none of its own: 100,000 at one second are fired in rounds of 2,000, one transaction each",
    )
    for _ in range(repeats):
        for count in counts:
            for (panel, line), value in _run(count).items():
                found.add(panel, line, count, [value])
    return found


def _run(count: int) -> dict[tuple[str, str], float]:
    burst = NOW + BEFORE
    with tempfile.TemporaryDirectory() as folder:
        run = VirtualRun(Path(folder), NOW, RATE)
        write_records(run.partition.state, pending(evenly(count, burst, burst + 1000)))
        settle_collector()
        run.run(burst + AFTER)
        run.partition.close()
    late = [seen - at for at, seen in run.lateness if burst <= at < burst + 1000]
    if len(late) != count:
        raise RuntimeError(f"{len(late)} of {count} timers were decided: the run was too short")
    waits = [seen - sent for sent, seen in run.waits if sent >= burst]
    return {
        ("seconds", "lateness, p50"): percentile(late, 0.5) / 1000,
        ("seconds", "lateness, p99"): percentile(late, 0.99) / 1000,
        ("seconds", "longest wait of a live event"): max(waits) / 1000,
    }
