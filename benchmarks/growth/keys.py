"""How events spread over shoppers: evenly, as the reference has it, or a fifth of them of one shopper."""

import random
import tempfile
from collections.abc import Callable
from functools import partial
from pathlib import Path

from benchmarks.growth.growth import Growth, Scale, alternating, cpu_seconds
from benchmarks.growth.partition import ShopperPartition, canonical
from pipeline.worker import settle_collector

SHOPPERS = 50_000
HOT = 0.2


def measure(scale: Scale) -> Growth:
    step, steps, repeats = (20_000, 5, 3) if scale == "full" else (1_000, 3, 1)
    found = Growth(
        "Hot shoppers",
        "events so far",
        f"One partition of {SHOPPERS:,} shoppers, RocksDB, batches of 5,000, reference mix; CPU of an event in each "
        f"stretch of {step:,}. Uniform; Zipf-like as the reference workload; hot: every fifth event is of one shopper, "
        "the others Zipf-like. The hot shopper orders 160 times in 20,000 events.",
        "a hot shopper costs no more than others",
    )
    spreads: dict[str, Callable[[random.Random], int]] = {
        "uniform": lambda choose: choose.randrange(SHOPPERS),
        "Zipf-like": _zipf,
        "hot": lambda choose: SHOPPERS if choose.random() < HOT else _zipf(choose),
    }
    values = {name: _values(step * steps, pick) for name, pick in spreads.items()}
    settle_collector()
    costs: dict[tuple[str, int], list[float]] = {}
    for name, runs in alternating(repeats, {name: partial(_stretches, values[name], step) for name in spreads}).items():
        for run in runs:
            for number, seconds in enumerate(run):
                costs.setdefault((name, (number + 1) * step), []).append(seconds / step * 1e6)
    for (name, events), measured in costs.items():
        found.add("us an event", name, events, measured)
    return found


def _zipf(choose: random.Random) -> int:
    return int(SHOPPERS * choose.random() ** 2)


def _values(events: int, pick: Callable[[random.Random], int]) -> list[tuple[bytes, bytes]]:
    choose = random.Random(7)
    return list(canonical(events, lambda _: f"u{pick(choose)}"))


def _stretches(values: list[tuple[bytes, bytes]], step: int) -> list[float]:
    """CPU seconds of each stretch, from an empty partition on."""
    with tempfile.TemporaryDirectory() as folder:
        partition = ShopperPartition(Path(folder))
        try:
            return [
                cpu_seconds(partial(partition.take, values[start : start + step]))
                for start in range(0, len(values), step)
            ]
        finally:
            partition.close()
