"""The engine against the naive oracle on random topologies and random streams; every line must agree.

AFTERCLICK_SEEDS sets how many seeds are tried. A failing seed is printed with its smallest topology and events, ready
for `afterclick replay`. `make oracle` tries thousands.
"""

import os

import pytest

from tests.oracle.trial import case, disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "250"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree(seed: int) -> None:
    topology, events = case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)
