"""Calendar and since windows, tiers and points against the naive oracle, over changes of clocks, a leap day and
travelling shoppers: every line of every output, and every clause of explanations. AFTERCLICK_SEEDS sets how many seeds
are tried."""

import os

import pytest

from tests.oracle.explained import misexplained
from tests.oracle.random_windows import case
from tests.oracle.trial import disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_windows(seed: int) -> None:
    topology, events = case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 2))
def test_explanations_of_windows_are_what_a_recount_says(seed: int) -> None:
    assert misexplained(seed, case) == []
