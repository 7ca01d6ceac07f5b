"""Explanations of tiers are what plain code finds that recounts all, and lets time pass: AFTERCLICK_SEEDS sets how many
seeds are tried."""

import os

import pytest

from tests.oracle.explained_tiers import misjudged

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "20"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_tiers_are_explained_as_a_recount_finds_them(seed: int) -> None:
    assert misjudged(seed) == []
