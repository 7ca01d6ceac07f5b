"""541,909 invoice lines of a wholesaler's year through `afterclick replay`, against plain code over the same lines."""

from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from tests.real_input.club import NAMES, Change, Entry, Member, follow
from tests.real_input.invoice import Invoice, Order, Refund, give_back, histories, read_invoices
from tests.real_input.membership import DAY, SEGMENTS, Transition, transitions
from tests.support.replay_run import ReplayRun, instant, replay

pytestmark = pytest.mark.real_input

TOPOLOGY = Path(__file__).with_name("online-retail.topology.yaml")
MAPPING = Path(__file__).parents[2] / "docs" / "examples" / "online-retail.mapping.yaml"


@pytest.fixture(scope="module")
def lines(shared: Path) -> Path:
    return shared / "data" / "online_retail" / "online_retail.csv.gz"


@pytest.fixture(scope="module")
def run(lines: Path, tmp_path_factory: pytest.TempPathFactory) -> ReplayRun:
    return replay(TOPOLOGY, [lines], tmp_path_factory.mktemp("online-retail"), "--mapping", MAPPING)


@pytest.fixture(scope="module")
def invoices(lines: Path) -> list[Invoice]:
    return read_invoices(lines)


@pytest.fixture(scope="module")
def end(invoices: list[Invoice]) -> int:
    """Where time stands at the end: at the last invoice of a customer."""
    return max(invoice.time for invoice in invoices if invoice.customer)


@pytest.fixture(scope="module")
def expected(invoices: list[Invoice], end: int) -> dict[str, list[Transition]]:
    return {customer: transitions(history, end) for customer, history in histories(invoices).items()}


@pytest.fixture(scope="module")
def changes(run: ReplayRun) -> dict[str, list[dict[str, Any]]]:
    """What was told of each segment."""
    found: dict[str, list[dict[str, Any]]] = {segment: [] for segment in SEGMENTS}
    for line in run.lines("segment-changes"):
        found[line["segment"]].append(line)
    return found


@pytest.fixture(scope="module")
def members(invoices: list[Invoice], end: int) -> dict[str, Member]:
    return {customer: follow(history, end) for customer, history in histories(invoices).items()}


def test_the_data_is_what_its_readme_says(invoices: list[Invoice]) -> None:
    assert sum(len(invoice.lines) for invoice in invoices) == 541_909
    assert sum(invoice.is_cancellation for invoice in invoices) == 3_836
    # Exact duplicates of a line are lines, too: whatever is compared below counts them.
    assert sum(len(invoice.lines) - len(set(invoice.lines)) for invoice in invoices) > 5_000


def test_invoices_without_a_customer_are_dead_letters_with_all_their_lines(
    invoices: list[Invoice], run: ReplayRun
) -> None:
    nobodys = [invoice for invoice in invoices if not invoice.customer]
    assert Counter(letter["reason"] for letter in run.dead_letters) == {"missing_id": len(nobodys)}
    assert len(nobodys) == 3_710
    rows = sum(len(letter["original"].splitlines()) for letter in run.dead_letters)
    assert rows == sum(len(invoice.lines) for invoice in nobodys) == 135_080


def test_every_customer_has_all_orders_with_their_value_and_net(invoices: list[Invoice], run: ReplayRun) -> None:
    found = {
        customer: (
            profile["orders"]["count"],
            profile["orders"]["value"]["amount"],
            profile["orders"]["net"]["amount"],
        )
        for customer, profile in run.profiles.items()
    }
    expected = {}
    for customer, history in histories(invoices).items():
        orders = _orders_after_all(history)
        expected[customer] = (len(orders), sum(order.value for order in orders), sum(order.net for order in orders))
    assert found == expected
    assert len(expected) == 4_372
    assert sum(count for count, _, _ in expected.values()) == 18_536
    assert {profile["orders"]["value"]["currency"] for profile in run.profiles.values()} == {"GBP"}


def test_refunds_without_an_order_are_reported_after_thirty_days(
    invoices: list[Invoice], end: int, run: ReplayRun
) -> None:
    unmatched = [
        event.time
        for history in histories(invoices).values()
        for event in history
        if isinstance(event, Refund) and event.order is None
    ]
    assert len(unmatched) > 500
    assert run.counted("refund_unmatched") == sum(time + 30 * DAY <= end for time in unmatched)


@pytest.mark.parametrize("segment", SEGMENTS)
def test_every_entry_and_exit_is_told_at_its_millisecond(
    segment: str, expected: dict[str, list[Transition]], changes: dict[str, list[dict[str, Any]]]
) -> None:
    found = sorted(
        (line["shopper"], Transition(segment, line["change"], instant(line["effective_at"]), line["sequence"]))
        for line in changes[segment]
    )
    told = sorted((customer, each) for customer, all_ in expected.items() for each in all_ if each.segment == segment)
    assert found == told
    assert len(told) > 300


def test_exits_are_told_by_timers_and_entries_by_orders(changes: dict[str, list[dict[str, Any]]]) -> None:
    causes = Counter((line["change"], line["cause"]["kind"]) for line in changes["regulars"])
    assert causes.keys() == {("entered", "event"), ("exited", "timer")}


def test_members_at_the_end_are_those_who_entered_and_did_not_leave(
    expected: dict[str, list[Transition]], run: ReplayRun
) -> None:
    for customer, profile in run.profiles.items():
        last = {each.segment: each.change for each in expected[customer]}
        assert profile["segments"] == sorted(name for name, change in last.items() if change == "entered")


def test_every_tier_change_is_told(members: dict[str, Member], run: ReplayRun) -> None:
    found = sorted(
        (
            line["shopper"],
            Change(
                line["change"], line["from"] or "", line["to"], line["value"]["amount"], instant(line["effective_at"])
            ),
        )
        for line in run.lines("loyalty-tiers")
    )
    told = sorted((customer, change) for customer, member in members.items() for change in member.changes)
    assert found == told
    assert {change.change for _, change in told} == {"joined", "upgraded", "downgraded"}


def test_every_entry_of_the_points_ledger_is_told(members: dict[str, Member], run: ReplayRun) -> None:
    found = sorted(
        (
            line["shopper"],
            Entry(line["entry"], line["points"], line["balance"], line["order_id"], instant(line["effective_at"])),
        )
        for line in run.lines("loyalty-points")
    )
    told = sorted((customer, entry) for customer, member in members.items() for entry in member.entries)
    assert found == told
    assert sum(entry.entry == "reversed" for _, entry in told) > 1_000


def test_profiles_show_tier_points_and_spend_at_the_end(members: dict[str, Member], end: int, run: ReplayRun) -> None:
    for customer, profile in run.profiles.items():
        member = members[customer]
        if member.level < 0:
            assert profile["loyalty"] == {}
            continue
        club = profile["loyalty"]["club"]
        assert (club["tier"], club["balance"]) == (NAMES[member.level], member.balance)
        assert club["earned"] == member.earned(end)
        assert club["spend"] == {"amount": member.spend(end), "currency": "GBP"}


def _orders_after_all(history: list[Order | Refund]) -> list[Order]:
    for event in history:
        if isinstance(event, Refund):
            give_back(event)
    return [event for event in history if isinstance(event, Order)]
