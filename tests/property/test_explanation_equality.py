"""Explanations against the naive oracle, on the random topologies and streams of test_oracle_equality.py: verdict,
value, evidence and next change of every clause, at random instants. AFTERCLICK_SEEDS sets how many seeds are tried."""

import json
import os
from collections.abc import Iterator
from copy import deepcopy
from fractions import Fraction
from random import Random
from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import Decision
from pipeline.domain.definition import Member, Plan
from pipeline.domain.derived_definition import Stage
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.segments.explanation import Clause, Explainer, Explanation
from pipeline.domain.segments.measure import CART, MICRO, MONEY, CartValue
from pipeline.domain.shopper import Shopper
from tests.oracle.engine_run import topology_text
from tests.oracle.explanation import Foresight, parts, trait_of
from tests.oracle.history import Record, admit, read
from tests.oracle.segments import truth
from tests.oracle.values import DAY
from tests.property.test_oracle_equality import case

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))
LOOKS = 3
HORIZON = 800 * DAY

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


def recorded(plan: Plan, events: list[dict[str, Any]], shopper: str, at: int) -> tuple[Shopper, list[Decision]]:
    """What the engine keeps of a shopper at an instant, and what it has decided by then."""
    engine, intake, record, latest = Engine(plan), Intake(plan), Shopper(), 0
    decided: list[Decision] = []
    for event in events:
        for call in intake.accept(json.dumps(event).encode(), latest, from_field=True):
            if isinstance(call, Event):
                latest = max(latest, call.received)
                if latest <= at and call.shopper == shopper:
                    decided += engine.decide(record, call, latest).decisions
    decided += engine.on_due(record, shopper, at).decisions
    return record, decided


def known(records: list[Record], shopper: str, count: int) -> list[Record]:
    """The oracle's view: what it takes of the shopper's records."""
    admitted: list[Record] = []
    for record in deepcopy(records[:count]):
        if record.shopper == shopper and not admit(admitted, record):
            admitted.append(record)
    return admitted


def own_transition(plan: Plan, record: Shopper, shopper: str, segment: str, at: int) -> int:
    """When the engine itself, with no event any more, next decides a change of the segment; 0 = never."""
    decided = Engine(plan).on_due(deepcopy(record), shopper, at + HORIZON).decisions
    return next(transitions(decided, segment), 0)


def transitions(decided: list[Decision], segment: str) -> Iterator[int]:
    return (one.effective_at for one in decided if one.fields.get("segment") == segment)


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
    if kind in ("trait", "cart", "stage") or (
        kind not in ("first", "last", "orders", "spend", "average_order", "rfm") and "within" not in condition[kind]
    ):
        return
    evidence = [(one.at, Fraction(one.value, 1_000_000) if told.unit == MICRO else one.value) for one in told.evidence]
    expected = seen.evidence(condition)
    if sorted(evidence, key=str) != sorted(expected[-len(evidence) :] if evidence else expected, key=str):
        yield f"{condition} at {seen.now.now}: evidence {evidence}, expected {expected}"


def mistakes(plan: Plan, topology: dict[str, Any], events: list[dict[str, Any]], look: Look) -> Iterator[str]:
    shopper, at, count = look
    records, _ = read(events, topology, None)
    record, decided = recorded(plan, events, shopper, at)
    seen = Foresight(known(records, shopper, count), topology, at)
    before = deepcopy(record)
    for segment, rule in topology["segments"].items():
        told: Explanation = Explainer(plan).explain(record, segment, at)
        yield from wrong(told.clause, rule["when"], seen)
        if told.member is not seen.now.member(segment):
            yield f"{segment} at {at}: member {told.member}"
        if told.changes_at != own_transition(plan, record, shopper, segment, at):
            yield f"{segment} at {at}: changes {told.changes_at}"
        past = [0, *transitions(decided, segment)]
        if (told.since, told.sequence) != (past[-1], len(past) - 1):
            yield f"{segment} at {at}: since {told.since}, changed {told.sequence} times, expected {past}"
    if record != before:
        yield "the record was changed"


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_every_clause_is_what_a_recount_says(seed: int) -> None:
    topology, events = case(seed)
    # What a hold does to a membership is recounted in test_oracle_equality.py; clauses know nothing of it.
    for rule in topology["segments"].values():
        rule.pop("hold", None)
    plan = parse(topology_text(topology), {}).plan()
    records, _ = read(events, topology, None)
    for look in looks(Random(seed), records):
        assert list(mistakes(plan, topology, events, look)) == [], (seed, look)
