"""Loyalty: the engine books what a ledger that is recomputed from the whole history books, and breaks no rule of one."""

import pytest

from tests.oracle.ledger_trial import ledger_case, ledger_disagreement, ledger_report, supported
from tests.oracle.random_ledger import GROUPS


@pytest.mark.parametrize("seed", range(12))
def test_engine_and_oracle_book_the_same(seed: int) -> None:
    topology, events = ledger_case(seed)
    if ledger_disagreement(topology, events):
        pytest.fail(ledger_report(seed))


def test_histories_use_all_of_the_language() -> None:
    assert set(supported()) == set(GROUPS)
