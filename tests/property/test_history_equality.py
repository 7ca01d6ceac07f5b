"""Shops with a past: what is decided before `time.live_from` is silent and asks for no message, and all else is as it
would have been. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from random import Random
from typing import Any

import pytest

from tests.oracle.engine_run import run
from tests.oracle.random_messages import message_case
from tests.oracle.trial import UNTIL, case, disagreement, report

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "60"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))


def with_a_past(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """A random shop that goes live at one of its events, or a moment after it."""
    topology, events = message_case(seed) if seed % 2 else case(seed)
    live_from = Random(seed).choice([event["receivedAt"] for event in events if "receivedAt" in event])
    return {**topology, "time": {**topology.get("time", {}), "live_from": live_from}}, events


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_engine_and_oracle_agree_on_what_is_history(seed: int) -> None:
    topology, events = with_a_past(seed)
    if disagreement(topology, events):
        pytest.fail(report(seed, topology, events), pytrace=False)


def test_the_shops_drawn_have_both_a_past_and_a_present() -> None:
    """Else the equality proves nothing."""
    lines = [line for seed in range(1, 12, 2) for line in told(seed)]
    assert any(line["silent"] for line in lines) and any(not line["silent"] for line in lines)


def told(seed: int) -> list[dict[str, Any]]:
    topology, events = with_a_past(seed)
    return [line for lines in run(events, topology, UNTIL).topics.values() for line in lines]
