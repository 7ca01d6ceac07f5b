"""`afterclick ledger`: every entry of a shopper's points, and whether they add up."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import parse
from pipeline.statement.audit import State, faults, statement
from tests.support.replaying import call, lines, ms, replay, write

TOPOLOGY = """
version: 1
name: shop
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1}]
    confirm_after: 1d
    expire: {after: 10d, notices: [1d]}
    tiers: {metric: points_earned, levels: [{name: bronze, from: 0}]}
"""


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["ledger", *arguments], env={"AFTERCLICK_TOPOLOGY": None})


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ledger")
    events = [
        call("kim", "Order Completed", "2026-01-03T10:00:00Z", order_id="o-1", total=50),
        {**call("kim", "Order Completed", "2026-01-03T10:00:00Z", order_id="o-2", total=50), "messageId": "m-2"},
        call("lee", "Order Completed", "2026-01-03T11:00:00Z", order_id="o-9", total=1),
        call("kim", "Order Refunded", "2026-01-03T12:00:00Z", order_id="o-1", total=10),
        call("kim", "Points Redeemed", "2026-01-05T10:00:00Z", redemption_id="r-1", points=60),
        call("kim", "Order Cancelled", "2026-01-06T10:00:00Z", order_id="o-2"),
        call("kim", "Order Completed", "2026-01-07T10:00:00Z", order_id="o-3", total=5),
    ]
    plan = parse(TOPOLOGY, {}).plan()
    replay(folder / "out", write(folder / "events.ndjson", *events), plan=plan, until=ms("2026-02-01T00:00:00Z"))
    return folder / "out"


def test_each_entry_has_its_cause_and_the_balance_after_it(replayed: Path) -> None:
    told = run("kim", "--from", str(replayed))
    assert told.exit_code == 0, told.stdout
    rows = [line.split() for line in told.stdout.splitlines()]
    assert "All 9 entries add up." in told.stdout
    assert told.stdout.startswith("kim in club: balance -15, pending 0\n")
    assert ["2026-01-05T10:00:00.000Z", "redeemed", "-60", "30", "kim/Points"] in [row[:5] for row in rows]
    # Two orders confirmed at one instant stand in the order in which their balances follow.
    confirmed = [(row[2], row[3]) for row in rows if row[1:2] == ["confirmed"]]
    assert confirmed in ([("+40", "40"), ("+50", "90"), ("+5", "-15")], [("+50", "50"), ("+40", "90"), ("+5", "-15")])


def test_the_same_as_data_of_one_programme(replayed: Path) -> None:
    told = json.loads(run("kim", "--from", str(replayed), "--programme", "club", "--json").stdout)
    club = told["programmes"]["club"]
    assert (club["balance"], club["pending"], club["faults"], len(club["entries"])) == (-15, 0, [], 9)


def test_a_changed_line_is_found(replayed: Path, tmp_path: Path) -> None:
    entries = lines(replayed, "loyalty-points")
    forged = [{**one, "points": 500} if one["entry"] == "redeemed" else one for one in entries]
    (tmp_path / "loyalty-points.ndjson").write_text("".join(json.dumps(one) + "\n" for one in forged))
    told = run("kim", "--from", str(tmp_path))
    assert told.exit_code == 1
    assert "redeemed +500 does not lead from balance 90, pending 0 to balance 30, pending 0" in told.stdout
    assert "1 of 9 entries do not add up." in told.stdout


def test_who_has_no_entries_is_told_so(replayed: Path, tmp_path: Path) -> None:
    for arguments, sentence in (
        (("ann", "--from", str(replayed)), "This shopper has no entries in"),
        (("kim", "--from", str(replayed), "--programme", "pub"), "This shopper has no entries in pub in"),
        (("kim", "--from", str(tmp_path)), "There is no loyalty-points.ndjson in"),
    ):
        told = run(*arguments)
        assert told.exit_code == 1
        assert sentence in told.output + told.stderr


def entry(kind: str, points: int, balance: int, pending: int = 0, at: str = "1", number: int = 0) -> dict[str, Any]:
    return {
        "id": f"{at}-{number or (kind, points, balance)}",
        "effective_at": at,
        "entry": kind,
        "points": points,
        "balance": balance,
        "pending": pending,
    }


def test_entries_of_one_instant_are_put_into_the_order_in_which_they_add_up() -> None:
    first, second, third = entry("bonus", 5, 5), entry("confirmed", 10, 15), entry("redeemed", -10, 5, number=3)
    steps = statement([third, second, first, second])
    assert [step.entry["points"] for step in steps] == [5, 10, -10]
    assert not list(faults(steps))


def test_a_notice_moves_nothing() -> None:
    assert not list(faults(statement([entry("bonus", 5, 5), entry("expiring", -5, 5, at="2")])))
    assert list(faults(statement([entry("bonus", 5, 5), entry("expiring", -5, 0, at="2")])))


def test_what_a_topic_does_not_keep_any_more_is_the_opening() -> None:
    kept = [entry("redeemed", -5, 45, 7, at="3"), entry("reversed", -7, 45, at="4")]
    assert statement(kept, opening=None)[0].before == State(50, 7)
    assert not list(faults(statement(kept, opening=None)))
    assert len(list(faults(statement(kept)))) == 1
