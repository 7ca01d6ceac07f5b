"""Random households: who is who as a naive walk has it, and the merged shopper as if it had been one id all along."""

import json
from random import Random
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from tests.oracle.engine_run import run, topology_text
from tests.oracle.people import Call, People
from tests.oracle.random_topology import Topologies
from tests.support.households import Household

SEEDS = 150
DEVICES = 3
# What is not the union of what happened: the newest cart wins, a wait begins anew, the higher tier stays.
APART = ("hold", "cart", "tier", "points", "since", "consent", "stage")
COMPARED = ("segments", "computed", "traits", "orders", "sessions")


def draw_topology(random: Random) -> dict[str, Any]:
    while True:
        drawn = Topologies(random).draw()
        topology = {name: drawn[name] for name in ("shop", "time", "rfm", "segments", "traits") if name in drawn}
        if any(word in json.dumps(topology["segments"]) for word in APART):
            continue
        # Visits older than that are only counted, so that of two records nobody knows which are one.
        topology["time"] = {"late": {"segments": "7d", "triggers": "48h"}}
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue
        return topology


def draw_calls(random: Random, topology: dict[str, Any]) -> list[Call]:
    """Of a household, valid ones, each once."""
    intake = Intake(parse(topology_text(topology), {}).plan())
    calls = Household("h", random, late=True).draw(40)
    once = {call["messageId"]: call for call in reversed(calls)}
    told = [call for call in calls if once[call["messageId"]] is call]
    return [call for call in told if isinstance(intake.accept(json.dumps(call).encode(), 0, from_field=True)[0], Event)]


def as_one(calls: list[Call], people: People) -> list[Call]:
    """The same history under the ids of those that the calls turned out to be of."""
    told = []
    for call, shopper in zip(calls, people.of_whom, strict=True):
        named = {name: value for name, value in call.items() if name not in ("anonymousId", "previousId")}
        told.append({**named, "userId": shopper})
    return told


@pytest.mark.parametrize("seed", range(SEEDS))
def test_who_is_who_and_what_they_are(seed: int) -> None:
    random = Random(f"identity {seed}")
    topology = draw_topology(random)
    calls, people = draw_calls(random, topology), People(DEVICES)
    for call in calls:
        people.take(call)
    merged = run(calls, {**topology, "identity": {"devices": DEVICES, "blocked": []}})
    apart = run(as_one(calls, people), topology)

    changes = [
        (one["change"], one["loser"], one["winner"], one["former"], one["reason"])
        for one in merged.topics["identity-changes"]
    ]
    assert sorted(changes, key=str) == sorted(people.changes, key=str)
    assert merged.profiles.keys() == apart.profiles.keys()
    for shopper, profile in apart.profiles.items():
        assert {name: merged.profiles[shopper][name] for name in COMPARED} == {name: profile[name] for name in COMPARED}
