"""Consent against the naive oracle: every change of it, every line that follows from it, and every clause of
explanations; and one history that arrives in two ways. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from random import Random

import pytest

from pipeline.config.topology import parse
from tests.oracle.arrival import unsettled
from tests.oracle.engine_run import topology_text
from tests.oracle.explained import looks, mistakes
from tests.oracle.history import read
from tests.oracle.random_consent import ConsentTopologies, consent_case, stream
from tests.oracle.trial import disagreement, report, zoned

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "80"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_consent(seed: int) -> None:
    topology, events = consent_case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 2))
def test_explanations_of_consent_are_what_a_recount_says(seed: int) -> None:
    topology, events = consent_case(seed)
    plan = parse(topology_text(topology), {}).plan()
    records, _ = read(events, topology, None)
    for look in looks(Random(seed), records):
        assert list(mistakes(plan, zoned(topology), events, look)) == [], (seed, look)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 4))
def test_two_arrivals_of_what_was_said_end_alike(seed: int) -> None:
    assert unsettled(seed, ConsentTopologies, stream) == []
