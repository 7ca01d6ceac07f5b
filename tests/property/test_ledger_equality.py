"""Loyalty: the engine books what plain code books that recomputes from the whole history, and keeps the rules of a
ledger. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os

import pytest

from tests.oracle.ledger_trial import ledger_case, ledger_disagreement, ledger_report, supported
from tests.oracle.random_ledger import GROUPS

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "40"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_ledger_agree(seed: int) -> None:
    topology, events = ledger_case(seed)
    if ledger_disagreement(topology, events):
        pytest.fail(ledger_report(seed), pytrace=False)


def test_members_use_all_that_a_programme_may_ask() -> None:
    assert set(supported()) == set(GROUPS)
