"""Run seeds and tell of those that differ from the oracle: `make simulation SEEDS=10000 FIRST=0`."""

import argparse
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable

from tests.simulation import merges
from tests.simulation.merges import draw_merges
from tests.simulation.scenario import draw_scenario
from tests.simulation.simulation import Simulation
from tests.simulation.verdict import differences

EVERY = 5.0
SHOWN = 5
WIDTH = 400


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.simulation", description=__doc__)
    arguments.add_argument("--seeds", type=int, default=1_000, help="how many")
    arguments.add_argument("--first", type=int, default=0, help="the first one")
    arguments.add_argument("--merges", action="store_true", help="ids meet, and are merged")
    given = arguments.parse_args()
    failed: list[int] = []
    happened: Counter[str] = Counter()
    begun = told = time.monotonic()
    for number, seed in enumerate(range(given.first, given.first + given.seeds), 1):
        simulation = Simulation(seed, draw_merges if given.merges else draw_scenario)
        found = _examine(simulation, merges.differences if given.merges else differences)
        happened += simulation.happened
        if found:
            failed.append(seed)
            _report(simulation, seed, found)
        now = time.monotonic()
        if now - told >= EVERY or number == given.seeds:
            told = now
            rate = number / (now - begun)
            print(f"{number} seeds, {rate:.0f} a second, {len(failed)} failed", flush=True)
    print("what happened:", ", ".join(f"{count} {what}" for what, count in happened.most_common()))
    if failed:
        print(f"failed: {' '.join(map(str, failed))}")
    return 1 if failed else 0


def _examine(simulation: Simulation, examine: Callable[[Simulation], list[str]]) -> list[str]:
    try:
        return examine(simulation)
    except Exception:
        return [traceback.format_exc()]


def _report(simulation: Simulation, seed: int, found: list[str]) -> None:
    print(f"\nseed {seed}: {len(found)} differences; repeat it with: make simulation FIRST={seed} SEEDS=1")
    for one in found[:SHOWN]:
        print(f"  {one if len(one) <= WIDTH or one.startswith('Traceback') else one[:WIDTH] + '...'}")
    print("what the scheduler did last (virtual time in ms; indented: while someone above was paused):")
    for line in simulation.trace:
        print(f"    {line}")


if __name__ == "__main__":
    sys.exit(main())
