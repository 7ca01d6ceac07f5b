"""`afterclick diff` on random pairs of topologies: it says what two replays say, and what it promises of records that
are taken over comes true to the millisecond. AFTERCLICK_SEEDS sets how many seeds are tried."""

import os
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from pipeline.config.reference import members_of
from pipeline.config.topology import parse
from pipeline.diff.comparison import Comparison
from pipeline.diff.completeness import Retention
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.replay.reader import readings
from pipeline.state.record import RecordCodec
from tests.oracle.engine_run import Calls, run, topology_text
from tests.oracle.random_stream import DAY, START, Stream
from tests.oracle.random_topology import Topologies

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "80"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))

# Longer than every window and hold of the random topologies, one after the other.
QUIET = 30 * DAY

Shoppers = dict[str, Shopper]


def case(seed: int) -> tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]:
    """Two topologies of one shop, the second with some segments of the first, some of them with other thresholds, and a
    stream."""
    random = Random(seed)
    while True:
        old, new = Topologies(random).draw(), Topologies(random).draw()
        new |= {"shop": old["shop"], "time": old["time"]}
        for name, segment in old["segments"].items():
            if random.random() < 0.5:
                kept = moved(deepcopy(segment), random) if random.random() < 0.5 else segment
                new["segments"][random.choice([name, f"other-{name}"])] = kept
        try:
            parse(topology_text(old), {})
            parse(topology_text(new), {})
        except TopologyError:
            continue  # references to what only the other one has, or bounds that can never hold
        return old, new, Stream(random).draw(random.randint(15, 60))


def moved(part: Any, random: Random) -> Any:
    """The same with the thresholds of counts and distinct values lowered or raised."""
    if isinstance(part, list):
        return [moved(one, random) for one in part]
    if not isinstance(part, dict):
        return part
    for kind, form in part.items():
        if kind in ("count", "distinct") and isinstance(form, dict):
            part[kind] = form | {name: random.randint(1, 4) for name in ("at_least", "at_most") if name in form}
        else:
            part[kind] = moved(form, random)
    return part


def plan(topology: dict[str, Any]) -> Plan:
    return parse(topology_text(topology), {}).plan()


def members(shoppers: Shoppers, name: str) -> set[str]:
    return {shopper for shopper, one in shoppers.items() if name in one.memberships and one.memberships[name].member}


def stages(shoppers: Shoppers) -> dict[str, str]:
    return {shopper: one.derived.stage if one.derived is not None else "" for shopper, one in shoppers.items()}


def advance(engine: Engine, shoppers: Shoppers, until: int) -> None:
    for shopper_id, shopper in shoppers.items():
        engine.on_due(shopper, shopper_id, until)


def decide(engine: Engine, shoppers: Shoppers, events: list[Event]) -> None:
    for event in events:
        engine.decide(shoppers.setdefault(event.shopper, Shopper()), deepcopy(event), event.received)


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_it_says_what_two_replays_say(seed: int) -> None:
    # given two topologies and a stream that ends somewhere
    old, new, calls = case(seed)
    until = instant_of_deployment(seed, calls)

    # when they are compared, and when each is replayed
    found = Comparison(plan(old), plan(new), until=until, samples=100).run([Calls(calls)])
    before, after = (run(calls, topology, until).profiles for topology in (old, new))

    # then who would enter and leave is the difference of the profiles
    for name, segment in found.segments.items():
        was, would = (
            {one for one, profile in profiles.items() if name in profile["segments"]} for profiles in (before, after)
        )
        assert (segment.before, segment.complete.members) == (len(was), len(would)), name
        assert segment.complete.enter.sample == sorted(would - was), name
        assert segment.complete.leave.sample == sorted(was - would), name


def instant_of_deployment(seed: int, calls: list[dict[str, Any]]) -> int:
    """At one of the events or soon after it, when windows hold something."""
    random = Random(seed)
    times = [event.received for event in accepted(calls, plan({"segments": {}}))]
    return random.choice(times or [START]) + random.choice([0, 0, 1, 60_000, 3_600_000, DAY])


def accepted(calls: list[dict[str, Any]], of: Plan) -> list[Event]:
    return [call for _, call, *_ in readings([Calls(calls)], Intake(of)) if type(call) is Event]


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_a_definition_is_complete_from_the_instant_that_is_told(seed: int) -> None:
    # given shoppers under one topology, whose records another one takes over
    one, other, calls = case(seed)
    old, new = plan(one), plan(other)
    events, engine, codec = accepted(calls, new), Engine(new), RecordCodec()
    deployed_at = instant_of_deployment(seed, calls)
    earlier = [event for event in events if event.received <= deployed_at]
    taken_over, complete = Shoppers(), Shoppers()
    first = Engine(old)
    decide(first, taken_over, earlier)
    advance(first, taken_over, deployed_at)
    was = {name: members(taken_over, name) for name in (one.name for one in old.segments)}
    stood = stages(taken_over)
    taken_over = {shopper: codec.decode(codec.encode(record)) for shopper, record in taken_over.items()}
    for record in taken_over.values():
        record.now = max(record.now, deployed_at)
    advance(engine, taken_over, deployed_at)
    decide(engine, complete, earlier)
    advance(engine, complete, deployed_at)

    # then the deployment does what was told of it
    found = Comparison(old, new, until=deployed_at, samples=100).run([Calls(calls)])
    for name, segment in found.segments.items():
        now = members(taken_over, name)
        assert segment.deployed.enter.sample == sorted(now - was.get(name, set())), name
        assert segment.deployed.leave.sample == sorted(was.get(name, set()) - now), name
        assert segment.differ.sample == sorted(now ^ members(complete, name)), name
    stand, anyway = stages(taken_over), stages(complete)
    moves = {(stood[one], stand[one]) for one in stood if stood[one] != stand[one]}
    assert found.stages.moves.keys() == moves
    assert found.stages.differ.sample == sorted(one for one in stand if stand[one] != anyway[one])

    # and at each instant from then on, the segments that are complete say what they would have said anyway
    spans = {name: one.span for name, one in Retention(old, new).of_segments().items()}
    damped = set(with_holds(new))
    later = [event for event in events if event.received > deployed_at]
    promised = {deployed_at + span for span in spans.values() if span is not None}
    end = max([deployed_at, *promised, *(event.received for event in later)]) + QUIET
    for instant in sorted({*promised, *(event.received for event in later), end}):
        due = [event for event in later if event.received <= instant]
        later = later[len(due) :]
        for shoppers in (taken_over, complete):
            decide(engine, shoppers, due)
            advance(engine, shoppers, instant)
        for name, span in spans.items():
            if span is not None and instant >= (end if name in damped else deployed_at + span):
                assert members(taken_over, name) == members(complete, name), f"{name} at {instant}"


def with_holds(of: Plan) -> Iterator[str]:
    """Segments that wait, or are made of one that does: where a condition keeps changing, waits that began otherwise
    may end otherwise, as docs/diff.md says."""
    found: set[str] = set()
    for segment in of.segments:
        if segment.hold is not None or not found.isdisjoint(members_of(segment.when)):
            found.add(segment.name)
            yield segment.name
