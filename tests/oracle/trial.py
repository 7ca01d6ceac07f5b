"""One seed: a random topology and a random stream, and where the engine and the oracle differ on them."""

import json
from collections.abc import Callable
from random import Random
from typing import Any

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from tests.oracle.agreement import comparable_cart, differences
from tests.oracle.engine_run import run, topology_text
from tests.oracle.feedback import named
from tests.oracle.instances import CHECKOUTS
from tests.oracle.oracle import expect
from tests.oracle.random_stream import Stream
from tests.oracle.random_topology import Topologies
from tests.scenarios.scenario import with_zone

Judge = Callable[[dict[str, Any], list[dict[str, Any]]], list[str]]
UNTIL = "2026-04-15T00:00:00Z"


def valid(topologies: Topologies) -> dict[str, Any]:
    """The next topology drawn that loads: others say what can never be true, as `less_than: 0` of a count."""
    while True:
        topology = topologies.draw()
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue
        return topology


def may_mean_any_cart(topology: dict[str, Any]) -> bool:
    """Whether it asks for a cart without saying which: of several, that is left open by the pages."""
    rules = topology.get("abandonment", {})
    return any(one.get("kind", name) in CHECKOUTS for name, one in rules.items()) or "'cart': {" in str(topology)


def case(seed: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(seed)
    topology = valid(Topologies(random))
    # Which of several carts a condition or a checkout without a cart_id means is left open by the pages.
    rules = topology.get("abandonment", {})
    asking = [
        topology["segments"],
        topology.get("journey"),
        [(one.get("when"), one.get("unless")) for one in rules.values()],
    ]
    one_cart = any(entry.get("kind", name) in CHECKOUTS for name, entry in rules.items()) or "'cart': {" in str(asking)
    return topology, Stream(random, several_carts=not one_cart).draw(random.randint(15, 60))


def zoned(topology: dict[str, Any]) -> dict[str, Any]:
    """As the oracle takes it: each `month` with the zone that it is of."""
    found: dict[str, Any] = with_zone(topology, topology["shop"]["timezone"])
    return found


def disagreement(topology: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    expected, events = expect(events, zoned(topology), UNTIL), named(events, topology, UNTIL)
    got = run(events, topology, UNTIL)
    found = differences(expected.topics, got.topics)
    ids = [line["id"] for lines in got.topics.values() for line in lines]
    if len(ids) != len(set(ids)):
        found.append("two decisions have one id")
    if run(events, topology, UNTIL, partitions=3) != got:
        found.append("three partitions decide otherwise than one")
    if expected.dead != got.dead:
        found.append(f"dead letters: expected {expected.dead}, got {got.dead}")
    for shopper, profile in expected.profiles.items():
        had = got.profiles.get(shopper, {})
        for name in ("segments", "traits", "orders", "sessions", "rfm", "stage", "computed"):
            if profile[name] != had.get(name):
                found.append(f"profiles: {shopper} {name}: expected {profile[name]}, got {had.get(name)}")
        if "cart_id" not in str(events) and comparable_cart(profile["cart"]) != comparable_cart(had["cart"]):
            found.append(f"profiles: {shopper} cart: expected {profile['cart']}, got {had['cart']}")
        told = {name: {"tier": one["tier"], "balance": one["balance"]} for name, one in had.get("loyalty", {}).items()}
        if profile["loyalty"] != told:
            found.append(f"profiles: {shopper} loyalty: expected {profile['loyalty']}, got {told}")
    return found


def parts(topology: dict[str, Any]) -> list[tuple[str, ...]]:
    """Paths of what a topology can do without: rules, and options of abandonment rules and of tiers."""
    found: list[tuple[str, ...]] = []
    for kind in ("segments", "abandonment", "loyalty"):
        found += [(kind, name) for name in topology.get(kind, {})]
    found += [
        ("abandonment", name, option) for name, entry in topology.get("abandonment", {}).items() for option in entry
    ]
    found += [("traits", name) for name in topology.get("traits", {})]
    found += [("journey",)] if "journey" in topology else []
    found += [("loyalty", name, "tiers", "term") for name in topology.get("loyalty", {})]
    return found


def without(tree: dict[str, Any], path: tuple[str, ...]) -> dict[str, Any]:
    if len(path) == 1:
        return {key: value for key, value in tree.items() if key != path[0]}
    return {**tree, path[0]: without(tree[path[0]], path[1:])}


def smallest(
    topology: dict[str, Any], events: list[dict[str, Any]], judge: Judge = disagreement
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Leave out rules and events, one at a time, as long as it still fails."""
    for path in parts(topology):
        if path in parts(topology) and fails(without(topology, path), events, judge):
            topology = without(topology, path)
    before = len(events) + 1
    while len(events) < before:
        before = len(events)
        for index in reversed(range(len(events))):
            fewer = events[:index] + events[index + 1 :]
            if fails(topology, fewer, judge):
                events = fewer
    return topology, events


def fails(topology: dict[str, Any], events: list[dict[str, Any]], judge: Judge = disagreement) -> bool:
    try:
        return bool(judge(topology, events))
    except Exception:
        return False


def report(seed: int, topology: dict[str, Any], events: list[dict[str, Any]], judge: Judge = disagreement) -> str:
    topology, events = smallest(topology, events, judge)
    lines = [f"seed {seed}, replayed until {UNTIL}", topology_text(topology), *map(json.dumps, events)]
    return "\n".join([*lines, *judge(topology, events)])
