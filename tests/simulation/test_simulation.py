"""Seeds of the simulation: whatever fails, wherever, the engine ends as the oracle says. More: `make simulation`."""

from collections import Counter

import pytest

from pipeline.domain.hot_key import HOT_KEY
from pipeline.domain.intake.omission import NOT_SAMPLED
from pipeline.runtime.partition import STEPS
from tests.simulation.simulation import Simulation
from tests.simulation.verdict import differences

SEEDS = 200


class Runs:
    """failed: differences by seed. happened: of all seeds together."""

    def __init__(self) -> None:
        self.failed: dict[int, list[str]] = {}
        self.happened: Counter[str] = Counter()
        for seed in range(SEEDS):
            simulation = Simulation(seed)
            found = differences(simulation)
            if found:
                self.failed[seed] = found
            self.happened.update(simulation.happened)


@pytest.fixture(scope="module")
def runs() -> Runs:
    return Runs()


def test_whatever_fails_it_ends_as_the_oracle_says(runs: Runs) -> None:
    told = [f"make simulation FIRST={seed} SEEDS=1\n  {found[0]}" for seed, found in runs.failed.items()]
    assert not told, "\n".join(told[:3])


@pytest.mark.parametrize("step", STEPS)
def test_every_step_was_crashed_before_and_after(step: str, runs: Runs) -> None:
    assert runs.happened[f"crash before {step}"] and runs.happened[f"crash after {step}"]


@pytest.mark.parametrize("step", ["decode", "fold", "produce", "commit"])
def test_every_step_that_has_an_inside_was_crashed_there(step: str, runs: Runs) -> None:
    assert runs.happened[f"crash inside {step}"]


def test_a_changed_topology_was_swept_through_crashes(runs: Runs) -> None:
    assert runs.happened["change"] > SEEDS // 4
    assert runs.happened["crash within a sweep"] > 10


def test_hot_keys_were_counted_through_crashes_and_some_shoppers_were_in_no_sample(runs: Runs) -> None:
    assert runs.happened[HOT_KEY] > SEEDS // 4
    assert runs.happened[NOT_SAMPLED] > SEEDS // 10


def test_messages_were_sent_and_held_back_through_crashes(runs: Runs) -> None:
    assert runs.happened["message ended"] > 4 * SEEDS
    assert runs.happened["message waited"] > SEEDS // 5


@pytest.mark.parametrize(
    "what",
    ["fenced", "zombie", "discontinuity", "no answer", "late commit", "disk full", "batch lost", "batch twice"],
)
def test_everything_else_that_fails_did(what: str, runs: Runs) -> None:
    assert runs.happened[what]


def test_a_seed_is_the_same_run_each_time() -> None:
    once, again = Simulation(7), Simulation(7)
    differences(once)
    differences(again)
    assert once.happened and list(once.trace) == list(again.trace)
    assert once.broker.logs == again.broker.logs
