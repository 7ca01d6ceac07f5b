"""Explanations of tiers against recounting: where engine and oracle differ at random instants of members' months."""

from collections.abc import Iterator
from random import Random
from typing import Any

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.loyalty.explanation import TierExplanation, explain_tier
from tests.oracle.engine_run import topology_text
from tests.oracle.explained import looks, recorded
from tests.oracle.history import Record, read
from tests.oracle.ladder import Ladder
from tests.oracle.ledger_trial import ledger_case
from tests.oracle.loyalty import Programme
from tests.oracle.oracle import History
from tests.oracle.values import DAY

AHEAD = 3_600 * DAY
FIELDS = ("change", "from", "to", "reason", "value", "threshold")


def misjudged(seed: int) -> list[str]:
    """All that is told wrongly of tiers on a seed, at some random instants."""
    topology, events = ledger_case(seed)
    plan = parse(topology_text(topology), {}).plan()
    loyalty = Engine(plan).loyalty
    records, _ = read(events, topology, None)
    found = []
    for shopper, at, count in looks(Random(seed), records):
        record = recorded(plan, events, shopper, at)
        for number in range(len(topology["loyalty"])):
            # To look ahead takes a history to its end.
            history = told_by(records[:count], shopper, topology, at)
            programme = history.programmes[number]
            told = explain_tier(loyalty, programme.name, record, at)
            where = f"seed {seed}, {shopper} in {programme.name} at {at}"
            found += [f"{where}: {one}" for one in mistakes(told, programme, history)]
    return found


def told_by(records: list[Record], shopper: str, topology: dict[str, Any], at: int) -> History:
    history = History(shopper, topology)
    for record in records:
        if record.shopper == shopper:
            history.apply(record)
    history.advance(at)
    history.now = at
    return history


def mistakes(told: TierExplanation | None, programme: Programme, history: History) -> Iterator[str]:
    ladder = programme.ladder
    if told is None or not programme.member:
        if (told is not None) != programme.member:
            yield f"told {told}, a member: {programme.member}"
        return
    programme.ladder.now = programme.ledger.now = history.now
    programme.measure(history.facts(history.now))
    expected: Any = (ladder.held, ladder.level, ladder.value(), programme.ledger.balance, programme.ledger.pending)
    had: Any = (told.tier, told.automatic, told.measure.value, told.balance, told.pending)
    if had != expected:
        yield f"(tier, automatic, value, balance, pending): {had}, expected {expected}"
    reason = reason_of(ladder)
    if told.reason != reason:
        yield f"reason {told.reason}, expected {reason}"
    if ladder.metric != "points_active":
        counted = sum(one.amount for one in told.counted)
        if counted != told.measure.value:
            yield f"what is counted comes to {counted}, not to {told.measure.value}"
    lines = len(ladder.lines)
    history.advance(history.now + AHEAD)
    coming = [line_of(one) for one in ladder.lines[lines:]]
    end = next((i for i, one in enumerate(coming, 1) if one["change"] != "will_downgrade"), len(coming))
    foretold = [{"effective_at": one.effective_at, **{name: one.fields[name] for name in FIELDS}} for one in told.ahead]
    if sorted(foretold, key=str) != sorted(coming[:end], key=str):
        yield f"ahead {foretold}, expected {coming[:end]}"


def line_of(line: dict[str, Any]) -> dict[str, Any]:
    return {name: line[name] for name in ("effective_at", *FIELDS)}


def reason_of(ladder: Ladder) -> str:
    """Why the present level: the reason of the last line that led to it, whoever was shown it."""
    return "locked" if ladder.lock.level >= 0 else ladder.moved_by
