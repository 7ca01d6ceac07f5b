"""Messages against the naive simulator: every message and every suppression of random shops. AFTERCLICK_SEEDS sets how
many seeds are tried."""

import os

import pytest

from tests.oracle.random_messages import message_case
from tests.oracle.trial import disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_simulator_agree_on_messages(seed: int) -> None:
    topology, events = message_case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)
