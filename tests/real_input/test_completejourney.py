"""A year of a grocer's baskets as orders of a club, against the naive ledger: every entry, balance and tier change.

Every sixtieth household is compared; AFTERCLICK_HOUSEHOLDS=1 compares every one (`make oracle` does).
"""

import os
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from tests.oracle.loyalty import Programme
from tests.oracle.values import rfc3339
from tests.real_input.completejourney import Call, by_household, calls, read_baskets, read_coupons, write_calls
from tests.real_input.household import follow
from tests.support.replay_run import ReplayRun, instant, replay

pytestmark = pytest.mark.real_input

TOPOLOGY = Path(__file__).with_name("completejourney.topology.yaml")
EVERY = int(os.environ.get("AFTERCLICK_HOUSEHOLDS", "60"))
END = "2018-06-01T00:00:00.000Z"
POINTS = ("entry", "points", "balance", "pending", "order_id")
TIERS = ("change", "from", "to", "value", "threshold", "points_to_next", "points_to_keep")

Told = Counter[tuple[Any, ...]]


@pytest.fixture(scope="module")
def history() -> list[Call]:
    return calls(read_baskets(EVERY), read_coupons())


@pytest.fixture(scope="module")
def run(history: list[Call], tmp_path_factory: pytest.TempPathFactory) -> ReplayRun:
    folder = tmp_path_factory.mktemp("completejourney")
    write_calls(history, folder / "calls.ndjson")
    return replay(TOPOLOGY, [folder / "calls.ndjson"], folder / "out", "--until", END, patience=1_800)


@pytest.fixture(scope="module")
def members(history: list[Call]) -> dict[str, Programme]:
    topology = YAML(typ="safe").load(TOPOLOGY)
    return {who: follow(one, topology, instant(END)) for who, one in by_household(history).items()}


def told(who: str, lines: list[dict[str, Any]], fields: tuple[str, ...], end: str) -> Told:
    return Counter(
        (who, text(line["effective_at"]), *(line[name] for name in fields), text(line[end])) for line in lines
    )


def text(time: int | str | None) -> str | None:
    return rfc3339(time) if isinstance(time, int) else time


def compare(run: ReplayRun, topic: str, expected: Told, fields: tuple[str, ...], end: str) -> None:
    found: Told = Counter()
    for line in run.lines(topic):
        found.update(told(line["shopper"], [line], fields, end))
    missing, unexpected = expected - found, found - expected
    assert (list(missing)[:5], list(unexpected)[:5]) == ([], [])


def test_every_basket_is_an_order(history: list[Call], run: ReplayRun) -> None:
    baskets = Counter(call["userId"] for call in history if call["event"] == "Order Completed")
    assert run.dead_letters == []
    assert sum(baskets.values()) == 155_848 if EVERY == 1 else sum(baskets.values()) > 1_000
    assert len(baskets) == -(-2_469 // EVERY)
    lost = Counter(call["userId"] for call in history if call["event"] == "Order Cancelled")
    assert {who: one["orders"]["count"] for who, one in run.profiles.items() if who in baskets} == {
        who: count - lost[who] for who, count in baskets.items()
    }


def test_every_entry_is_booked(members: dict[str, Programme], run: ReplayRun) -> None:
    expected: Told = Counter()
    for who, club in members.items():
        expected.update(told(who, club.points, POINTS, "expires_at"))
    compare(run, "loyalty-points", expected, POINTS, "expires_at")
    kinds = {line[2] for line in expected}
    assert kinds >= {"pending", "confirmed", "reversed", "redeemed", "returned", "expired", "bonus", "expiring"}


def test_every_change_of_tier_is_told(members: dict[str, Programme], run: ReplayRun) -> None:
    expected: Told = Counter()
    for who, club in members.items():
        expected.update(told(who, club.tiers, TIERS, "valid_until"))
    compare(run, "loyalty-tiers", expected, TIERS, "valid_until")
    assert {line[2] for line in expected} >= {"joined", "upgraded", "renewed", "will_downgrade", "downgraded"}


def test_every_refusal_is_answered(members: dict[str, Programme], run: ReplayRun) -> None:
    expected = Counter((who, line["redemption_id"], line["balance"]) for who, club in members.items()
                       for line in club.redemptions.rejected)  # fmt: skip
    found = Counter((one["shopper"], one["redemption_id"], one["balance"]) for one in run.lines("redemption-rejected"))
    assert found == expected
    assert expected


def test_profiles_end_with_the_balance(members: dict[str, Programme], run: ReplayRun) -> None:
    for who, club in members.items():
        tier, balance = club.standing
        profile = run.profiles[who]["loyalty"]
        expected = {} if tier is None else {"club": (tier, balance, club.ledger.pending)}
        assert {name: (one["tier"], one["balance"], one["pending"]) for name, one in profile.items()} == expected
