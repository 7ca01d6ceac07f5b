"""Simulations in which ids meet: hand-offs between partitions while workers crash and partitions move.

What has to come out is what the same log gives in one process, without partitions and without any wait.
"""

from collections import Counter, defaultdict
from dataclasses import replace
from random import Random
from typing import Any

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.decision import IDENTITY_CHANGES, Decision
from pipeline.domain.event import Event
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake.intake import Intake
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.replay.partition import Partition, exchange
from pipeline.runtime.ports import DEAD_LETTERS
from tests.simulation.oracle import Expected
from tests.simulation.scenario import CLICKSTREAM, Scenario, draw_scenario
from tests.simulation.simulation import Simulation, Stuck
from tests.simulation.verdict import compare, restored, states
from tests.support.households import draw_lines
from tests.support.road import plain, said
from tests.support.topology_driver import CODEC, decisions

DAY = 86_400_000


def draw_merges(seed: int) -> Scenario:
    """As `draw_scenario`, of households. Once a device was claimed nothing comes any more under its id alone: such an
    event is passed on, and arrives when it does."""
    random = Random(f"merges {seed}")
    scenario = draw_scenario(seed)
    identities = IdentityDefinition(devices=random.choice([1, 2, 10]), wait=400 * DAY)
    return msgspec.structs.replace(
        scenario,
        plan=replace(scenario.plan, identities=identities),
        lines=draw_lines(random, households=3, calls=25, late=False),
        changed=None,
    )


def differences(simulation: Simulation) -> list[str]:
    """Run it; what is not as it has to be, in words, empty if all is well."""
    try:
        simulation.run()
    except Stuck:
        return ["does not come to rest"]
    broker, scenario = simulation.broker, simulation.scenario
    expected = expect(scenario, [broker.read(CLICKSTREAM, source) for source in range(scenario.sources)])
    dead = Counter(one["reason"].decode() for one in broker.headers(DEAD_LETTERS))
    made = list(decisions(broker))
    found = compare("decisions of", expected.said, _in_order(said(broker)))
    found += compare("dead letters", expected.dead, dead)
    found += compare("state of", expected.states, states(simulation))
    found += compare("changelog of", expected.states, restored(simulation))
    if len({decision["id"] for decision in made}) < len(made):
        found.append("a decision's id came twice")
    simulation.happened.update(one["fields"]["change"] for one in made if one["topic"] == IDENTITY_CHANGES)
    return found


def expect(scenario: Scenario, sources: list[list[Any]]) -> Expected:
    """sources: what the log of each partition of the clickstream holds; all of a household is in one."""
    expected, intake, made = Expected(), Intake(scenario.plan), list[Decision]()

    def publish(outcome: Outcome, shopper: Shopper, source: Any) -> None:
        made.extend(outcome.decisions)

    def refuse(partition: int, place: int, refusal: str) -> None:
        expected.dead[refusal] += refusal != "duplicate"

    for records in sources:
        one, latest = Partition(0, Engine(scenario.plan), publish, "", refuse), 0
        for record in records:
            for call in intake.accept(record.value, record.timestamp, from_field=not scenario.live):
                if not isinstance(call, Event):
                    expected.dead[call.reason] += 1
                    continue
                latest = call.received = max(latest, call.received)
                refusal = one.apply(call)
                exchange([one], lambda _: 0)
                expected.dead[str(refusal)] += refusal not in (None, "duplicate")
        one.advance(scenario.end)
        expected.states |= {key.encode(): CODEC.encode(shopper) for key, shopper in one.records()}
    said = defaultdict(list)
    for decision in made:
        said[f"{decision.shopper} {decision.topic}"].append(plain(msgspec.to_builtins(decision)))
    expected.said, expected.dead = _in_order(said), +expected.dead
    return expected


def _in_order(said: dict[str, list[Any]]) -> dict[str, list[Any]]:
    """What is told of devices that a user does not wait for comes when it comes."""
    return {
        key: sorted(lines, key=lambda one: (one["effective_at"], one["id"]))
        if key.endswith(IDENTITY_CHANGES)
        else lines
        for key, lines in said.items()
    }
