"""Consent against the naive oracle: every change of it, every line that follows from it, and every clause of
explanations; and one history that arrives in two ways. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from random import Random
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from tests.oracle.engine_run import topology_text
from tests.oracle.explained import looks, mistakes
from tests.oracle.history import read
from tests.oracle.random_consent import ConsentTopologies, stream
from tests.oracle.trial import disagreement, report, zoned

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "80"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


def case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(seed)
    while True:
        topology = ConsentTopologies(random).draw()
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue  # as `less_than: 0` of a count, which can never be true
        one_cart = "checkout" in topology.get("abandonment", {}) or "'cart': {" in str(topology)
        return topology, stream(random, several_carts=not one_cart)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_consent(seed: int) -> None:
    topology, events = case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS // 2))
def test_explanations_of_consent_are_what_a_recount_says(seed: int) -> None:
    topology, events = case(seed)
    plan = parse(topology_text(topology), {}).plan()
    records, _ = read(events, topology, None)
    for look in looks(Random(seed), records):
        assert list(mistakes(plan, zoned(topology), events, look)) == [], (seed, look)
