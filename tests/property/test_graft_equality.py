"""State joined of what was folded apart is the state of all: of random topologies and streams, cut at random, the
pieces of one part taken into the records of the other say what a record says that had every event. AFTERCLICK_SEEDS
sets how many seeds are tried."""

import os
from copy import deepcopy
from random import Random
from typing import Any

import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.decision import KIND_BACKFILL
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.graft import Graft, pieces_of
from pipeline.domain.history import History
from pipeline.domain.intake.intake import Intake
from pipeline.domain.profile import profile
from pipeline.domain.shopper import Shopper
from pipeline.replay.reader import readings
from pipeline.state.record import RecordCodec
from tests.oracle.engine_run import Calls
from tests.oracle.random_stream import HOUR, Stream
from tests.support.road import draw_plan

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "120"))
FIRST = int(os.environ.get("AFTERCLICK_FIRST_SEED", "0"))
QUIET = 40 * 24 * HOUR
CODEC = RecordCodec()

Shoppers = dict[str, Shopper]


def accepted(calls: list[dict[str, Any]], of: Plan) -> list[Event]:
    return [call for _, call, *_ in readings([Calls(calls)], Intake(of)) if type(call) is Event]


def decide(engine: Engine, shoppers: Shoppers, events: list[Event]) -> None:
    for event in events:
        engine.decide(shoppers.setdefault(event.shopper, Shopper()), deepcopy(event), event.received)


def advance(engine: Engine, shoppers: Shoppers, until: int) -> None:
    for shopper_id, shopper in shoppers.items():
        engine.on_due(shopper, shopper_id, until)


def grafts(plan: Plan, events: list[Event], border: int, end: int) -> dict[str, Graft]:
    """Of the events before the border, of sequences of those before the end."""
    history, found = History(plan), Shoppers()
    pieces = Engine(plan).pieces
    for number, event in enumerate(events[:end]):
        history.keep(pieces if number < border else history.sequences)
        history.fold(found.setdefault(event.shopper, Shopper()), deepcopy(event), event.received)
    return {shopper_id: pieces_of(shopper, pieces) for shopper_id, shopper in found.items()}


def stripped(shopper: Shopper, pieces: frozenset[int]) -> Shopper:
    """The record as a topology of no conditions would have left it."""
    record = CODEC.decode(CODEC.encode(shopper))
    for key in pieces:
        record.windows.pop(key, None)
        record.observations.pop(key, None)
    if record.derived is not None:
        record.derived.seen.clear()
    record.plan ^= 1
    return record


def told(engine: Engine, shoppers: Shoppers) -> dict[str, Any]:
    return {shopper_id: profile(engine, shopper, shopper_id) for shopper_id, shopper in shoppers.items()}


def undamped(random: Random) -> Plan:
    """Where a condition keeps changing, waits that began otherwise may end otherwise."""
    while True:
        plan = draw_plan(random)
        if all(one.hold is None for one in plan.segments):
            return plan


@pytest.mark.parametrize("seed", range(FIRST, FIRST + SEEDS))
def test_what_is_joined_says_what_a_whole_record_says(seed: int) -> None:
    # given a stream of which a topology without conditions took the first part
    random = Random(seed)
    plan = undamped(random)
    engine = Engine(plan)
    events = accepted(Stream(random).draw(random.randint(15, 80)), plan)
    border = random.randint(0, len(events))
    whole, parted = Shoppers(), Shoppers()
    decide(engine, whole, events[:border])
    at = events[border - 1].received if border else 0
    advance(engine, whole, at)
    parted = {shopper_id: stripped(shopper, engine.pieces) for shopper_id, shopper in whole.items()}
    # and the second under this one, when the history of the first comes, read to some offset between
    joined_at = random.randint(border, len(events))
    read_to = random.randint(border, joined_at)
    while read_to < joined_at and events[joined_at - 1].received - events[read_to].received > HOUR:
        read_to += 1
    for shoppers in (whole, parted):
        decide(engine, shoppers, events[border:joined_at])
    at = max([at, *(event.received for event in events[:joined_at])])
    for shoppers in (whole, parted):
        advance(engine, shoppers, at)
    for shopper_id, graft in grafts(plan, events, border, read_to).items():
        outcome = engine.graft(parted[shopper_id], shopper_id, graft, at)
        assert all(one.silent and one.cause_kind == KIND_BACKFILL for one in outcome.decisions)
        assert not engine.graft(deepcopy(parted[shopper_id]), shopper_id, Graft(), at).decisions
    # then each record says from then on what one says that had it all
    for shopper in whole.values():
        shopper.now = max(shopper.now, at)
    later = events[joined_at:]
    due = {shopper.due for shoppers in (whole, parted) for shopper in shoppers.values()} - {0}
    for instant in sorted({at, *due, *(event.received for event in later), max(at, *due, at) + QUIET}):
        come = [event for event in later if event.received <= instant]
        later = later[len(come) :]
        for shoppers in (whole, parted):
            decide(engine, shoppers, come)
            advance(engine, shoppers, instant)
            for shopper in shoppers.values():
                shopper.now = max(shopper.now, instant)
        assert told(engine, parted) == told(engine, whole), instant
