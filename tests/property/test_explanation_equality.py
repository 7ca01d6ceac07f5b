"""Explanations against the naive oracle, on the random topologies and streams of test_oracle_equality.py: membership,
verdict, value, evidence and next change of every clause, at random instants. AFTERCLICK_SEEDS sets how many seeds are
tried. `make oracle` tries thousands."""

import os

import pytest

from tests.oracle.explained import misexplained

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "100"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_every_explanation_is_what_a_recount_says(seed: int) -> None:
    assert misexplained(seed) == []
