"""Seeds in which ids meet: however far partitions lag, and whoever crashes, it ends as without any wait."""

from collections import Counter

import pytest

from tests.simulation.merges import differences, draw_late, draw_merges, misled
from tests.simulation.simulation import Simulation

SEEDS = 60


@pytest.fixture(scope="module")
def runs() -> tuple[dict[int, list[str]], Counter[str]]:
    """Differences by seed, and what happened in all of them together."""
    failed: dict[int, list[str]] = {}
    happened: Counter[str] = Counter()
    for seed in range(SEEDS):
        simulation = Simulation(seed, draw_merges)
        found = differences(simulation)
        if found:
            failed[seed] = found
        happened.update(simulation.happened)
    return failed, happened


def test_merges_end_as_in_one_process(runs: tuple[dict[int, list[str]], Counter[str]]) -> None:
    told = [f"make simulation MERGES=1 FIRST={seed} SEEDS=1\n  {found[0]}" for seed, found in runs[0].items()]
    assert not told, "\n".join(told[:3])


def test_what_comes_under_an_alias_is_passed_on_once_to_whose_it_is() -> None:
    failed, passed = {}, 0
    for seed in range(SEEDS // 2):
        simulation = Simulation(seed, draw_late)
        if found := misled(simulation):
            failed[seed] = found
        passed += simulation.happened["passed on"]
    assert not failed
    assert passed > SEEDS


@pytest.mark.parametrize(
    "what", ["merged", "attached", "conflict", "refused", "fenced", "zombie", "crash inside commit"]
)
def test_all_of_it_happened(what: str, runs: tuple[dict[int, list[str]], Counter[str]]) -> None:
    assert runs[1][what] > SEEDS // 12
