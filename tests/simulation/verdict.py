"""The end of a simulation beside what the oracle expects of it."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.decision import DECISION_TOPICS, ERASURES, MESSAGE_SUPPRESSIONS, MESSAGES
from pipeline.domain.event import Event
from pipeline.runtime.ports import DEAD_LETTERS, RESERVED, SHOPPER_EVENTS
from pipeline.state.changelog import Restore
from pipeline.state.memory import MemoryPartition
from tests.simulation.oracle import Expected, HandOver, expect
from tests.simulation.scenario import CLICKSTREAM
from tests.simulation.simulation import Simulation, Stuck
from tests.support.road import said
from tests.support.topology_driver import CODEC, decisions

NAMES = {"abandonment": "kind", "segment": "segment", "tier": "programme", "points": "programme"}
"""Which field of a decision has the name of its rule, by what a message asks about."""

Candidate = tuple[str, str, str, int]
"""(shopper, message, trigger, step: which of its channels)."""


def differences(simulation: Simulation) -> list[str]:
    """Run it; what is not as it has to be, in words, empty if all is well."""
    try:
        simulation.run()
    except Stuck:
        return ["does not come to rest"]
    broker, scenario = simulation.broker, simulation.scenario
    lines = [broker.read(CLICKSTREAM, source) for source in range(scenario.sources)]
    expected = expect(scenario, lines, _handed_over(simulation))
    simulation.happened.update(expected.left_out)
    found: list[str] = []
    found += compare("events of", expected.events, _forwarded(simulation))
    made = list(decisions(broker))
    found += compare_end(simulation, expected, said(broker), made)
    found += _ends(simulation, [one | one["fields"] for one in made])
    if scenario.live:
        found += _early(simulation)
    return found


def _handed_over(simulation: Simulation) -> dict[str, HandOver]:
    """By shopper."""
    found: dict[str, HandOver] = {}
    for partition, change in simulation.taken_over.items():
        before: Counter[bytes] = Counter()
        shoppers: set[bytes] = set()
        for record in simulation.broker.read(SHOPPER_EVENTS, partition):
            key = record.key or b""
            if not key.startswith(RESERVED):
                shoppers.add(key)
                before[key] += record.offset < change.offset
        for key in shoppers:
            # Of one who is not known any more the record has ended, whenever that was.
            ended = simulation.scenario.end if before[key] else 0
            found[key.decode()] = HandOver(change.since, before[key], change.looked_at.get(key, ended))
    return found


def compare_end(
    simulation: Simulation, expected: Expected, told: dict[str, list[Any]], made: list[dict[str, Any]]
) -> list[str]:
    """What is on the topics and on the disks in the end. told: decisions by shopper and topic; made: all of them."""
    dead = Counter(one["reason"].decode() for one in simulation.broker.headers(DEAD_LETTERS))
    found = compare("decisions of", expected.said, told)
    found += compare("dead letters", expected.dead, dead)
    found += compare("state of", expected.states, states(simulation))
    found += compare("changelog of", expected.states, restored(simulation))
    if len({decision["id"] for decision in made}) < len(made):
        found.append("a decision's id came twice")
    return found


def compare(what: str, expected: Any, got: Any) -> list[str]:
    return [
        f"{what} {key}: expected {expected.get(key)}, got {got.get(key)}"
        for key in sorted(expected.keys() | got.keys())
        if expected.get(key) != got.get(key)
    ]


def _forwarded(simulation: Simulation) -> dict[str, list[bytes]]:
    forwarded: dict[str, list[bytes]] = defaultdict(list)
    for record in simulation.broker.all(SHOPPER_EVENTS):
        if record.value is not None and not (record.key or b"").startswith(RESERVED):
            forwarded[msgspec.json.decode(record.value, type=Event).shopper].append(record.value)
    return forwarded


def states(simulation: Simulation) -> dict[bytes, bytes]:
    lanes = [simulation.final_lane(key) for key in simulation.keys if key.agent == "shopper"]
    return {key: value for lane in lanes for key, value in lane.disk.scan()}


def restored(simulation: Simulation) -> dict[bytes, bytes]:
    """What a worker without any disk would find."""
    states: dict[bytes, bytes] = {}
    for partition in range(simulation.scenario.partitions):
        state = MemoryPartition()
        Restore(state, CODEC).apply(simulation.broker.read("shopper-changelog", partition))
        states.update(state.scan())
    return states


def _ends(simulation: Simulation, made: list[dict[str, Any]]) -> list[str]:
    """Each candidate ends as one message or one suppression, whatever was in between."""
    ends: Counter[Candidate] = Counter()
    waited: set[Candidate] = set()
    for one in made:
        if one["topic"] in (MESSAGES, MESSAGE_SUPPRESSIONS):
            candidate = one["shopper"], one["message"], one["trigger"], one["step"]
            if one.get("until"):
                waited.add(candidate)
            else:
                ends[candidate] += 1
    simulation.happened.update({"message ended": len(ends), "message waited": len(waited)})
    asked = waited if simulation.scenario.changed else waited | _asked(simulation, made)
    # What waits as a record ends is told of no more.
    gone = {one["shopper"] for one in made if one["topic"] == ERASURES}
    digest = Engine(simulation.scenario.plan).erasure.digest
    return [
        f"a message ended {ends[each]} times: {each}"
        for each in sorted(asked | ends.keys())
        if ends[each] > 1 or (not ends[each] and digest(each[0]) not in gone)
    ]


def _asked(simulation: Simulation, made: list[dict[str, Any]]) -> set[Candidate]:
    """What decisions ask for under the plan; not what events ask for."""
    messaging = simulation.scenario.plan.messaging
    asked: set[Candidate] = set()
    for message in () if messaging is None else messaging.messages:
        on = message.on
        asking: dict[str, Any] = {"stage": on.stage} if on.stage else {}
        asking |= {"entry" if on.source == "points" else "change": on.change, NAMES.get(on.source, ""): on.name}
        asked |= {
            (one["shopper"], message.name, one["id"], 1)
            for one in made
            if asking.items() <= one.items() and not one["silent"]
        }
    return asked


def _early(simulation: Simulation) -> list[str]:
    """In a live shop: decisions published before the time at which they say that they were made."""
    return [
        f"{topic}: decided {record.value!r} too early, at {record.timestamp}"
        for topic in DECISION_TOPICS
        for record in simulation.broker.all(topic)
        if msgspec.json.decode(record.value or b"")["decided_at"] > record.timestamp
    ]
