"""Messages against the naive simulator: every message and every suppression of random shops; and what must hold of
them whatever the simulator says. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from random import Random
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from tests.oracle.engine_run import topology_text
from tests.oracle.random_messages import MessageTopologies, stream
from tests.oracle.trial import disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


def case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(seed)
    while True:
        topology = MessageTopologies(random).draw()
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue  # as `less_than: 0` of a count, which can never be true
        one_cart = "checkout" in topology.get("abandonment", {}) or "'cart': {" in str(topology)
        return topology, stream(random, several_carts=not one_cart)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_simulator_agree_on_messages(seed: int) -> None:
    topology, events = case(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)
