"""One seed of a programme and its members: where the engine and the oracle differ, and what no ledger may do."""

import json
from collections import defaultdict
from functools import cache
from random import Random
from typing import Any

from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from tests.oracle.agreement import differences
from tests.oracle.engine_run import run, topology_text
from tests.oracle.oracle import Verdict, expect
from tests.oracle.random_ledger import GROUPS, Members, Programmes
from tests.oracle.steps import broken_steps
from tests.oracle.trial import without
from tests.oracle.values import rfc3339

END = 1_767_571_200_000 + 150 * 86_400_000
_CLUB: dict[str, Any] = {
    "earn": [{"on": "Order Completed", "points": 1, "per": 1}],
    "tiers": {"metric": "points_earned", "levels": [{"name": "bronze", "from": 0}]},
}
_PROBES: dict[str, dict[str, Any]] = {
    "hold": {"confirm_after": "3d"},
    "floor": {"confirm_after": "3d"},
    "expiry": {"expire": {"after": "10d", "at": "end_of_month", "notices": ["1d"]}},
    "idle": {"expire": {"inactive": "10d"}},
    "bonuses": {"earn": [*_CLUB["earn"], {"on": "Product Reviewed", "points": 5, "limit": {"times": 1}}]},
    "rewards": {"rewards": {"mug": {"cost": 5}}},
    "windows": {"tiers": {**_CLUB["tiers"], "window": {"calendar": "year"}}},
    "metrics": {"tiers": {**_CLUB["tiers"], "metric": "orders"}},
    "notices": {"tiers": {**_CLUB["tiers"], "term": "30d", "notices": ["3d"]}},
    "tiers": {"tiers": {**_CLUB["tiers"], "on_refund": "at_review"}},
    "review": {"review": {"points_per_day": 5}},
}


@cache
def supported() -> tuple[str, ...]:
    """Groups whose keys, and events, the engine takes."""
    return tuple(group for group in GROUPS if (_spends() if group == "spending" else _loads(_PROBES.get(group, {}))))


def _spends() -> bool:
    events = [
        {"type": "track", "event": name, "userId": "u", "messageId": name, "timestamp": rfc3339(END), "properties": of}
        for name, of in (
            ("Order Completed", {"order_id": "o", "total": 9}),
            ("Points Redeemed", {"programme": "club", "points": 1}),
        )
    ]
    lines = run(events, {"loyalty": {"club": _CLUB}}).topics["loyalty-points"]
    return any(line["entry"] == "redeemed" for line in lines)


def _loads(probe: dict[str, Any]) -> bool:
    try:
        parse(topology_text({"loyalty": {"club": _CLUB | probe}}), {})
    except TopologyError:
        return False
    return True


def ledger_case(seed: int, groups: tuple[str, ...] | None = None) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    random = Random(seed)
    asked = supported() if groups is None else groups
    while True:
        topology = Programmes(random, asked).draw()
        try:
            parse(topology_text(topology), {})
        except TopologyError:
            continue
        return topology, Members(random, asked).draw(random.randint(10, 45))


def misbooked(seed: int) -> list[str]:
    return ledger_disagreement(*ledger_case(seed))


def ledger_disagreement(topology: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    until = rfc3339(END)
    expected, got = expect(events, topology, until), run(events, topology, until)
    found = differences(expected.topics, got.topics)
    ids = [event["messageId"] for event in events]
    # A message that comes again is forgotten after a while: then it is told to be late, not to be a copy.
    again = {index for index, one in enumerate(ids) if one in ids[:index]}
    dead = [[letter for letter in one.dead if letter[0] not in again] for one in (expected, got)]
    if dead[0] != dead[1]:
        found.append(f"dead letters: expected {dead[0]}, got {dead[1]}")
    for shopper, profile in expected.profiles.items():
        had = got.profiles[shopper]["loyalty"]
        told = {name: {"tier": one["tier"], "balance": one["balance"]} for name, one in had.items()}
        if profile["loyalty"] != told:
            found.append(f"profiles: {shopper}: expected {profile['loyalty']}, got {told}")
    if run(events, topology, until, partitions=3) != got:
        found.append("three partitions decide otherwise than one")
    return [*found, *broken_invariants(got), *broken_steps(got, topology)]


MOVES_BALANCE = {"confirmed": 1, "redeemed": 1, "returned": 1, "expired": 1, "bonus": 1}


def broken_invariants(verdict: Verdict) -> list[str]:
    """What no ledger may do, by its lines alone (semantics.md, 10, I5).

    Balance plus pending is the sum of the entries (a confirmed one only moves from one to the other, where it was
    pending before); an order never gives back more than it earned; nothing of points and money is a fraction.
    """
    found = []
    sums: dict[tuple[str, str], int] = defaultdict(int)
    last: dict[tuple[str, str], dict[str, Any]] = {}
    orders: dict[tuple[str, str, str], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    reviewed: set[tuple[str, str, str]] = set()
    for line in verdict.topics["loyalty-points"]:
        key, entry, points = (line["shopper"], line["programme"]), line["entry"], line["points"]
        own = orders[(*key, line["order_id"] or "")]
        if not all(type(line[name]) is int for name in ("points", "balance", "pending")):
            found.append(f"not whole: {line}")
        if line["order_id"] is not None:
            own[entry] += points
        if entry == "pending_review":
            reviewed.add((*key, line["lot"]))
        waits = entry == "confirmed" and (line["cause"]["kind"] == "timer" or (*key, line["lot"]) in reviewed)
        sums[key] += 0 if entry == "expiring" or waits else points
        last[key] = line
    for (shopper, programme), total in sums.items():
        club = verdict.profiles[shopper]["loyalty"][programme]
        if total != club["balance"] + club["pending"]:
            found.append(f"{shopper} {programme}: entries add up to {total}, profile says {club}")
    for key, own in orders.items():
        earned = max(own["pending"] + own["pending_review"], own["confirmed"]) + own["bonus"] + max(own["adjusted"], 0)
        if key[2] and -own["reversed"] > earned:
            found.append(f"{key}: {own['reversed']} reversed of {earned} earned")
    return found


def smallest(topology: dict[str, Any], events: list[dict[str, Any]]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Leave out programmes, their options and events, one at a time, as long as it still fails."""
    before = None
    while before != (topology, events):
        before = (topology, events)
        for path in reversed(paths(topology["loyalty"])):
            fewer = {**topology, "loyalty": without(topology["loyalty"], path)}
            topology = fewer if fails(fewer, events) else topology
        for index in reversed(range(len(events))):
            rest = events[:index] + events[index + 1 :]
            events = rest if fails(topology, rest) else events
    return topology, events


def paths(tree: dict[str, Any]) -> list[tuple[str, ...]]:
    return [
        path
        for key, value in tree.items()
        for path in [(key,), *((key, *rest) for rest in (paths(value) if isinstance(value, dict) else []))]
    ]


def fails(topology: dict[str, Any], events: list[dict[str, Any]]) -> bool:
    try:
        return bool(ledger_disagreement(topology, events))
    except Exception:
        return False


def ledger_report(seed: int) -> str:
    """The smallest topology and history of a seed that still fails, and how."""
    topology, events = smallest(*ledger_case(seed))
    told = [f"{one['receivedAt']} @{one['timestamp']} #{one['messageId']} {one['userId']}: "
            f"{one.get('event', one['type'])} {json.dumps(one.get('properties'))}" for one in events]  # fmt: skip
    head = f"seed {seed}: {json.dumps({key: topology[key] for key in ('shop', 'loyalty')})}"
    return "\n".join([head, *told, *ledger_disagreement(topology, events)])
