"""The engine against the oracle on programmes that earn in every way; see test_oracle_equality.py."""

import os

import pytest

from tests.oracle.random_earning import earning_case
from tests.oracle.trial import disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "25"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_what_is_earned(seed: int) -> None:
    topology, events = earning_case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)
