"""What a shopper is in the end depends neither on the order of arrival within the lateness nor on messages that come
again: two random arrivals of one random history, and the oracle. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os

import pytest

from tests.oracle.arrival import unsettled

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "40"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_two_arrivals_of_one_history_end_alike(seed: int) -> None:
    assert unsettled(seed) == []
