"""Laws of the ledger over any history: entries fold, what is kept agrees with them, and nothing is paid twice."""

from collections import Counter
from typing import Any

import msgspec
from hypothesis import example, given, settings
from hypothesis import strategies as st

from pipeline.domain.decision import LOYALTY_POINTS, REDEMPTION_REJECTED, Decision
from pipeline.domain.definition import Plan
from pipeline.domain.loyalty.lot_block import all_lots
from pipeline.domain.loyalty.purse import thaw_holdings
from pipeline.domain.loyalty.waiting import held_points, waiting_points
from pipeline.domain.loyalty_definition import (
    EarnRule,
    ExpiryRule,
    Level,
    Limit,
    ProgrammeDefinition,
    Review,
    Reward,
    Span,
)
from pipeline.domain.shopping import Standing
from pipeline.statement.audit import faults, statement
from tests.support.till import START, Till

EARN = (EarnRule("Order Completed", 1_000_000, 100),)
RULES: list[dict[str, Any]] = [
    {},
    {"refunds": "floor_zero"},
    {"confirm_after": 400},
    {"expire": ExpiryRule(after=Span(ms=1_000), notices=(300, 100))},
    {"confirm_after": 400, "refunds": "floor_zero", "expire": ExpiryRule(after=Span(ms=1_000), notices=(700,))},
    {"confirm_after": 400, "expire": ExpiryRule(inactive=Span(ms=900), notices=(300,))},
    {"rewards": (Reward("mug", 50, 1),), "expire": ExpiryRule(inactive=Span(ms=900))},
    {"review": Review(points_per_day=150)},
    {"review": Review(points_per_day=100, refunds=Limit(1, 900)), "confirm_after": 400, "refunds": "floor_zero"},
    {"review": Review(points_per_day=100), "expire": ExpiryRule(after=Span(ms=1_000)), "confirm_after": 200},
]
OTHERS = ["return", "correct", "release", "reject"]

actions = st.lists(
    st.tuples(
        st.sampled_from([*["complete"] * 3, "refund", "cancel", "update", *["redeem"] * 2, *OTHERS]),
        st.sampled_from("abcd"),
        st.integers(0, 200),  # money, or points
        st.integers(0, 500),  # ms since the step before
        st.sampled_from([0, 0, 0, 1, 400, 2_000]),  # ms that the event is late
    ),
    max_size=18,
)


def till_of(rules: dict[str, Any]) -> Till:
    levels = (Level("bronze", 0, 0), Level("silver", 150, 150))
    programme = ProgrammeDefinition("club", "club-1", EARN, "points_earned", levels, **rules)
    return Till(Plan(name="shop", digest="d", currency="EUR", programmes=(programme,)))


def act(till: Till, action: tuple[str, str, int, int, int], now: int) -> None:
    what, name, number, _, late = action
    at = max(0, now - late)
    match what:
        case "complete":
            till.complete(name, number, at=at, received=now)
        case "refund":
            till.refund(name, number, at=at, received=now)
        case "cancel":
            till.cancel(name, at=at, received=now)
        case "update":
            till.update(name, number, at=at, received=now)
        case "redeem":
            till.ring("Points Redeemed", None, at, received=now, redemption_id=name, points=number)
        case "release":
            till.ring("Points Review Released", None, at, received=now)
        case "reject":
            till.ring("Points Review Rejected", None, at, received=now)
        case "return":
            till.ring("Redemption Cancelled", None, at, received=now, redemption_id=name)
        case _:
            till.ring("Points Adjusted", None, at, received=now, points=number - 100)


def entries_of(till: Till) -> list[dict[str, Any]]:
    return [entry(one) for one in till.decisions if one.topic == LOYALTY_POINTS]


def entry(decision: Decision) -> dict[str, Any]:
    return {**decision.fields, "id": decision.id, "effective_at": f"{decision.effective_at:020d}"}


SENT_BACK_THEN_RETURNED = [
    ("complete", "a", 1, 0, 0),
    ("redeem", "a", 1, 400, 0),
    ("refund", "a", 1, 0, 0),
    ("correct", "a", 101, 0, 0),
    ("return", "a", 0, 0, 0),
    ("correct", "a", 100, 500, 0),
    ("correct", "a", 100, 500, 0),
]
"""The lot loses its points, which others paid, before they come back to it and expire."""


@settings(max_examples=200, deadline=None)
@given(rules=st.sampled_from(RULES), history=actions)
@example(rules={"confirm_after": 400, "expire": ExpiryRule(inactive=Span(ms=900))}, history=SENT_BACK_THEN_RETURNED)
def test_entries_fold_and_what_is_kept_agrees_with_them(rules: dict[str, Any], history: list[Any]) -> None:
    till, now = till_of(rules), 0
    for action in history:
        now += action[3]
        act(till, action, now)
        assert till.shopper.loyalty_due == 0 or till.shopper.loyalty_due > START + now
        standing = till.shopper.standings.get("club")
        if standing is not None:
            agree(standing, entries_of(till), rules)
    entries = entries_of(till)
    assert not list(faults(statement(entries)))
    assert len({one["id"] for one in entries}) == len(entries)
    assert all(type(one[name]) is int for one in entries for name in ("points", "balance", "pending"))
    nothing_is_paid_twice(till, entries)


def agree(standing: Standing, entries: list[dict[str, Any]], rules: dict[str, Any]) -> None:
    purse = standing.purse
    moved = sum(one["points"] for one in entries if one["entry"] not in ("expiring", "confirmed"))
    if "confirm_after" not in rules and "review" not in rules:
        moved += sum(one["points"] for one in entries if one["entry"] == "confirmed")
        assert standing.balance == moved
    if entries:
        assert (entries[-1]["balance"], entries[-1]["pending"]) == (standing.balance, purse.pending if purse else 0)
    if rules.get("refunds") == "floor_zero":
        assert standing.balance >= 0
    if purse is not None:
        assert purse.pending == sum(one.points for one in purse.waiting) >= 0
        assert all(one.points > 0 for one in purse.waiting)
        thaw_holdings(standing)
        held = sum(one.left for one in purse.holdings)
        assert held <= max(0, standing.balance)
        if purse.since or purse.active:
            assert held == max(0, standing.balance)
        assert purse.holdings == sorted(purse.holdings, key=lambda one: (one.expires, one.time, one.number))
    waiting, held = waiting_points(standing), held_points(standing)
    assert standing.earned == sum(lot.points - lot.reversed for lot in all_lots(standing)) - sum(held.values())
    for lot in all_lots(standing):
        assert lot.forgone >= 0 <= lot.expired
        assert lot.points - lot.reversed - lot.forgone >= lot.expired + waiting.get(lot.number, 0)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(standing), type=Standing) == standing


def nothing_is_paid_twice(till: Till, entries: list[dict[str, Any]]) -> None:
    """An order earns once and loses no more than that; points come back at most as often as they were redeemed."""
    earned: Counter[str] = Counter()
    pending = 0
    for one in entries:
        waited, pending = one["pending"] < pending, one["pending"]
        if one["order_id"] is not None and not (one["entry"] == "confirmed" and waited):
            earned[one["order_id"]] += one["points"]
    assert all(points >= 0 for points in earned.values())
    kinds = Counter(one["entry"] for one in entries)
    assert kinds["returned"] <= kinds["redeemed"] <= 4
    refused = [one for one in till.decisions if one.topic == REDEMPTION_REJECTED]
    assert len({one.id for one in refused}) == len(refused)
