"""Explanations against recounting: where engine and oracle differ at random instants of a topology and a stream."""

import json
from collections.abc import Callable, Iterator
from copy import deepcopy
from fractions import Fraction
from random import Random
from typing import Any

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Member, Plan
from pipeline.domain.derived_definition import Stage
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.segments.explanation import Clause, Explainer, Explanation
from pipeline.domain.segments.measure import CART, MICRO, MONEY, CartValue
from pipeline.domain.shopper import Shopper
from tests.oracle.engine_run import topology_text
from tests.oracle.explanation import Foresight, parts, trait_of
from tests.oracle.history import Record, read
from tests.oracle.segments import truth
from tests.oracle.trial import case, zoned
from tests.oracle.values import DAY

LOOKS = 3
TRACED = ("first", "last", "orders", "spend", "average_order", "rfm", "consent")
"""Conditions that have evidence without a window."""

Case = Callable[[int], tuple[dict[str, Any], list[dict[str, Any]]]]
"""A seed's topology and stream."""

Look = tuple[str, int, int]
"""Shopper, instant (ms), and how many of the calls have been received by then."""


def looks(random: Random, records: list[Record]) -> list[Look]:
    """Random instants between two records, the edges of windows among them."""
    found = []
    for _ in range(LOOKS):
        index = random.randrange(len(records))
        received = records[index].received
        end = records[index + 1].received if index + 1 < len(records) else received + 5 * DAY
        while index + 1 < len(records) and records[index + 1].received == received:
            index += 1
        earlier = [one.time + random.choice([600_000, 3_600_000, DAY]) for one in records[: index + 1]]
        edges = [one for one in earlier if received <= one < end]
        at = (
            random.choice(edges)
            if edges and random.random() < 0.5
            else random.randrange(received, max(end, received + 1))
        )
        found.append((random.choice(records[: index + 1]).shopper, at, index + 1))
    return found


def recorded(plan: Plan, events: list[dict[str, Any]], shopper: str, at: int) -> Shopper:
    """What the engine keeps of a shopper at an instant."""
    engine, intake, record, latest = Engine(plan), Intake(plan), Shopper(), 0
    for event in events:
        for call in intake.accept(json.dumps(event).encode(), latest, from_field=True):
            if isinstance(call, Event):
                latest = max(latest, call.received)
                if latest <= at and call.shopper == shopper:
                    engine.decide(record, call, latest)
    engine.on_due(record, shopper, at)
    return record


def wrong(clause: Clause, condition: dict[str, Any], seen: Foresight) -> Iterator[str]:
    """One sentence for each thing said of a clause, or of a part of it, that a recount does not confirm."""
    facts = seen.now
    if clause.holds is not truth(condition, facts):
        yield f"{condition} at {facts.now}: holds {clause.holds}"
    if clause.changes_at != seen.changes_at(condition):
        yield f"{condition} at {facts.now}: changes {clause.changes_at}, expected {seen.changes_at(condition)}"
    if clause.measure is not None:
        yield from wrong_measure(clause, condition, seen)
    of = list(parts(condition, seen.topology))
    if clause.of or not isinstance(clause.condition, Member | Stage):
        for part, told in zip(of, clause.of, strict=True):
            yield from wrong(told, part, seen)


def wrong_measure(clause: Clause, condition: dict[str, Any], seen: Foresight) -> Iterator[str]:
    told, value = clause.measure, seen.value(condition)
    assert told is not None
    had: Any = told.value
    if told.unit == MICRO and had is not None:
        had = Fraction(had, 1_000_000)
    if told.unit == MONEY and had is not None:
        had = Fraction(had, 100)
    if told.unit == CART:
        assert isinstance(had, CartValue)
        had = (had.value, had.items)
    if had != value and (told.exact or not had < value):
        yield f"{condition} at {seen.now.now}: value {had}, expected {value}"
    if "computed" in condition:
        condition = trait_of(condition, seen.topology)
    (kind,) = condition
    untraced = ("trait", "cart", "stage", "tier", "points")
    if kind in untraced or (kind not in TRACED and "within" not in condition[kind]):
        return
    evidence = [(one.at, Fraction(one.value, 1_000_000) if told.unit == MICRO else one.value) for one in told.evidence]
    expected = seen.evidence(condition)
    if told.exact and len(evidence) != len(expected):
        yield f"{condition} at {seen.now.now}: evidence {evidence}, expected all of {expected}"
    if sorted(evidence, key=str) != sorted(expected[-len(evidence) :] if evidence else expected, key=str):
        yield f"{condition} at {seen.now.now}: evidence {evidence}, expected {expected}"


def mistakes(plan: Plan, topology: dict[str, Any], events: list[dict[str, Any]], look: Look) -> Iterator[str]:
    """What is told of the shopper's segments otherwise than a recount of all that was received says."""
    shopper, at, count = look
    records, _ = read(events, topology, None)
    record = recorded(plan, events, shopper, at)
    seen = Foresight(shopper, records[:count], topology, at)
    before = deepcopy(record)
    for segment, rule in topology["segments"].items():
        told: Explanation = Explainer(plan, Engine(plan).loyalty.on_due).explain(record, segment, at)
        yield from wrong(told.clause, rule["when"], seen)
        past = [one["effective_at"] for one in seen.changes if one["segment"] == segment]
        coming = [one["effective_at"] for one in seen.coming if one["segment"] == segment]
        expected = (len(past) % 2 == 1, past[-1] if past else 0, len(past), coming[0] if coming else 0)
        if (told.member, told.since, told.sequence, told.changes_at) != expected:
            yield f"{segment} at {at}: {told.member, told.since, told.sequence, told.changes_at}, expected {expected}"
    if record != before:
        yield "the record was changed"


def misexplained(seed: int, case: Case = case) -> list[str]:
    """All that is told wrongly on a seed, at some random instants."""
    topology, events = case(seed)
    plan = parse(topology_text(topology), {}).plan()
    records, _ = read(events, topology, None)
    return [
        f"seed {seed}, {look}: {mistake}"
        for look in looks(Random(seed), records)
        for mistake in mistakes(plan, zoned(topology), events, look)
    ]
