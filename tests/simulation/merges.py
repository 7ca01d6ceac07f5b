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
from pipeline.domain.event import CLAIM, Event
from pipeline.domain.identity.letter import MARK
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.omission import Omission
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper
from pipeline.replay.partition import Partition, exchange
from pipeline.runtime.ports import RESERVED, SHOPPER_EVENTS
from tests.oracle.people import People
from tests.oracle.values import rfc3339
from tests.simulation.oracle import Expected
from tests.simulation.scenario import CLICKSTREAM, Scenario, draw_scenario
from tests.simulation.simulation import Simulation, Stuck
from tests.simulation.verdict import compare, compare_end
from tests.support.households import draw_lines
from tests.support.road import plain, said
from tests.support.topology_driver import CODEC, decisions

DAY = 86_400_000


def draw_late(seed: int) -> Scenario:
    """As `draw_merges`, but much comes under the ids of devices that are somebody's."""
    scenario, random = draw_merges(seed), Random(f"late {seed}")
    return msgspec.structs.replace(scenario, lines=draw_lines(random, households=3, calls=25, late=True))


def draw_merges(seed: int) -> Scenario:
    """As `draw_scenario`, of households. Once a device was claimed nothing comes any more under its id alone: such an
    event is passed on, and arrives when it does. Nor does a record expire: that of a user tells its devices, which
    arrives when it does, and a claim may come first (docs/identity.md)."""
    random = Random(f"merges {seed}")
    scenario = draw_scenario(seed)
    identities = IdentityDefinition(devices=random.choice([1, 2, 10]), wait=400 * DAY)
    return msgspec.structs.replace(
        scenario,
        plan=replace(scenario.plan, identities=identities, inactive=None),
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
    made = list(decisions(broker))
    simulation.happened.update(expected.left_out)
    found = compare_end(simulation, expected, _in_order(said(broker)), made)
    simulation.happened.update(one["fields"]["change"] for one in made if one["topic"] == IDENTITY_CHANGES)
    return found


def misled(simulation: Simulation) -> list[str]:
    """Run it; what came under the id of a device alone and was not passed on once to whose it was then, in words."""
    try:
        simulation.run()
    except Stuck:
        return ["does not come to rest"]
    broker, scenario = simulation.broker, simulation.scenario
    intake, expected, alone = Intake(scenario.plan), Counter[str](), dict[str, str]()
    for source in range(scenario.sources):
        people = People(scenario.plan.identities.devices if scenario.plan.identities is not None else 0)
        for record in broker.read(CLICKSTREAM, source):
            event = intake.accept(record.value, record.timestamp, from_field=not scenario.live)[0]
            if isinstance(event, Event):
                ids = {"anonymousId": event.shopper} if event.anonymous else {"userId": event.shopper}
                device = {} if event.anonymous else {"anonymousId": event.anonymous_id or None}
                people.take({**ids, **device, "timestamp": rfc3339(event.time)})
                if event.anonymous:
                    alone[event.message_id] = event.shopper
                    expected[f"{event.message_id} to {people.of(event.shopper)}"] += (
                        people.of(event.shopper) != event.shopper
                    )
    passed = Counter[str]()
    for record in broker.all(SHOPPER_EVENTS):
        value, key = record.value or b"", record.key or b""
        if value[:1] != MARK and not key.startswith(RESERVED):
            event = msgspec.json.decode(value, type=Event)
            if event.type != CLAIM and alone.get(event.message_id, event.shopper) != event.shopper:
                passed[f"{event.message_id} to {event.shopper}"] += 1
    simulation.happened["passed on"] += passed.total()
    return compare("passed on", +expected, passed)


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
                if isinstance(call, Omission):
                    expected.left_out[call.reason] += 1
                    continue
                if not isinstance(call, Event):
                    expected.dead[call.reason] += 1
                    continue
                latest = call.received = max(latest, call.received)
                # What timers tell other records has arrived by then, as in replay.
                one.advance(latest)
                exchange([one], lambda _: 0)
                refusal = one.apply(call)
                exchange([one], lambda _: 0)
                expected.dead[str(refusal)] += refusal not in (None, "duplicate")
        one.advance(scenario.end)
        exchange([one], lambda _: 0)
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
