"""Shoppers whose ids meet: who is who by one walk (people.py), what becomes of both by union.py, and where the engine
and that differ."""

from typing import Any

from tests.oracle.agreement import comparable_cart, differences
from tests.oracle.engine_run import run
from tests.oracle.feedback import named
from tests.oracle.history import Record, read, visits
from tests.oracle.oracle import History, Verdict, collect, finished, topics_of
from tests.oracle.people import People
from tests.oracle.trial import UNTIL, zoned
from tests.oracle.union import take_over
from tests.oracle.values import instant

PROFILE = ("segments", "traits", "orders", "rfm", "stage", "computed")


class Walk:
    """All calls in received order, each applied to whom it is of by then."""

    def __init__(self, topology: dict[str, Any]) -> None:
        self.topology = topology
        self.people = People(topology["identity"].get("devices", 10))
        self.histories: dict[str, History] = {}
        self.gone: list[History] = []
        self.changes: list[dict[str, Any]] = []

    def take(self, record: Record, call: dict[str, Any]) -> str | None:
        told = len(self.people.changes)
        shopper = record.shopper = self.people.take(call)
        for change, device, user, former, why in self.people.changes[told:]:
            if change == "merged":
                self.history(user).advance(record.received)
                self.history(device).advance(record.received)
                self.gone.append(self.histories.pop(device))
                take_over(self.history(user), self.gone[-1], record)
            line = {"change": change, "loser": device, "winner": user, "former": former, "reason": why}
            line |= {"effective_at": record.received, "cause": None, "through": "merge"}
            self.changes.append(finished(line, user, silent=False))
        return self.history(shopper).apply(record)

    def history(self, shopper: str) -> History:
        return self.histories.setdefault(shopper, History(shopper, self.topology))


def expect(events: list[dict[str, Any]], topology: dict[str, Any], until: str | None) -> Verdict:
    """What replaying `events` under `topology`, which says who is who, up to `until` must say. It knows nothing of
    blocked ids, nor of records that end."""
    end = instant(until) if until is not None else None
    records, refused = read(events, topology, end)
    verdict = Verdict({topic: [] for topic in topics_of(topology)}, dead=list(refused))
    walk = Walk(topology)
    for record in records:
        reason = walk.take(record, events[record.index])
        if reason and reason != "duplicate":
            verdict.dead.append((record.index, reason))
    for history in walk.histories.values():
        history.advance(max(end or 0, records[-1].received if records else 0))
    for history in (*walk.gone, *walk.histories.values()):
        collect(verdict, history)
        sides = {one.shopper for one in history.records}
        apart = [visits([one for one in history.records if one.shopper == side]) for side in sides]
        verdict.profiles[history.shopper]["visits_apart"] = sum(apart)
    for history in walk.gone:
        del verdict.profiles[history.shopper]
    verdict.topics["identity-changes"] = walk.changes
    verdict.dead.sort()
    return verdict


def ids_by_call(events: list[dict[str, Any]], topology: dict[str, Any]) -> list[set[str]]:
    """Of each call, the ids whose state has come together by then in the shopper that it is of."""
    walk, found = Walk(topology), [set[str]() for _ in events]
    records, _ = read(events, topology, instant(UNTIL))
    for record in records:
        walk.take(record, events[record.index])
        found[record.index] = {one.shopper for one in walk.history(record.shopper).records}
    return found


def disagreement(topology: dict[str, Any], events: list[dict[str, Any]]) -> list[str]:
    expected, sides = expect(events, zoned(topology), UNTIL), ids_by_call(events, zoned(topology))
    events = named(events, topology, UNTIL, lambda number: sides[number])
    got = run(events, topology, UNTIL)
    found = differences(expected.topics, got.topics)
    ids = [line["id"] for lines in got.topics.values() for line in lines]
    if len(ids) != len(set(ids)):
        found.append("two decisions have one id")
    if run(events, topology, UNTIL, partitions=3) != got:
        found.append("three partitions decide otherwise than one")
    messages = [event["messageId"] for event in events]
    # A message that comes again is forgotten after a while: then it is told to be late, not to be a copy.
    again = {index for index, one in enumerate(messages) if one in messages[:index]}
    dead = [[letter for letter in one.dead if letter[0] not in again] for one in (expected, got)]
    if dead[0] != dead[1]:
        found.append(f"dead letters: expected {dead[0]}, got {dead[1]}")
    if expected.profiles.keys() != got.profiles.keys():
        found.append(f"shoppers: expected {sorted(expected.profiles)}, got {sorted(got.profiles)}")
    for shopper, profile in expected.profiles.items():
        had = got.profiles.get(shopper)
        if had is not None:
            found += [
                f"profiles: {shopper} {name}: expected {profile[name]}, got {had[name]}"
                for name in PROFILE
                if profile[name] != had[name]
            ]
            # Visits of long ago are only counted: nobody knows which of two sides are one.
            if not profile["sessions"] <= had["sessions"] <= profile["visits_apart"]:
                found.append(f"profiles: {shopper} sessions: expected {profile['sessions']}, got {had['sessions']}")
            if comparable_cart(profile["cart"]) != comparable_cart(had["cart"]):
                found.append(f"profiles: {shopper} cart: expected {profile['cart']}, got {had['cart']}")
            told = {name: {"tier": one["tier"], "balance": one["balance"]} for name, one in had["loyalty"].items()}
            if profile["loyalty"] != told:
                found.append(f"profiles: {shopper} loyalty: expected {profile['loyalty']}, got {told}")
    return found
