"""`afterclick loyalty`: the liability of programmes, and their opening balances."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import parse
from tests.support.replaying import call, lines, ms, replay, write

TOPOLOGY = """
version: 1
name: shop
shop: {timezone: Europe/Berlin}
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1}, {on: Product Reviewed, points: 5}]
    expire: {after: 30d, at: end_of_month}
    tiers: {metric: points_earned, levels: [{name: bronze, from: 0}, {name: silver, from: 100}]}
"""


def run(folder: Path, *arguments: str) -> Result:
    (folder / "topology.yaml").write_text(TOPOLOGY)
    told = ["loyalty", *arguments, "--topology", str(folder / "topology.yaml")]
    return CliRunner().invoke(app, told, env={"AFTERCLICK_TOPOLOGY": None})


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("loyalty")
    events = [
        call("kim", "Order Completed", "2026-01-03T10:00:00Z", order_id="o-1", total=50),
        call("kim", "Order Completed", "2026-01-04T10:00:00Z", order_id="o-2", total=150),
        call("kim", "Product Reviewed", "2026-01-04T11:00:00Z"),
        call("kim", "Points Redeemed", "2026-01-05T10:00:00Z", redemption_id="r-1", points=60),
        call("kim", "Order Refunded", "2026-01-06T10:00:00Z", order_id="o-2", total=120),
        call("lee", "Order Completed", "2026-02-20T11:00:00Z", order_id="o-9", total=30),
        call("max", "Order Completed", "2026-02-20T11:00:00Z", order_id="o-10", total=10),
        call("max", "Points Redeemed", "2026-02-20T12:00:00Z", redemption_id="r-2", points=10),
        call("max", "Order Cancelled", "2026-02-20T13:00:00Z", order_id="o-10"),
    ]
    plan = parse(TOPOLOGY, {}).plan()
    replay(folder / "out", write(folder / "events.ndjson", *events), plan=plan, until=ms("2026-03-01T00:00:00Z"))
    return folder / "out"


def test_what_is_owed_by_month_tier_and_rule(replayed: Path, tmp_path: Path) -> None:
    told = run(tmp_path, "report", str(replayed), "--json")
    assert told.exit_code == 0, told.output
    club = json.loads(told.stdout)["programmes"]["club"]
    assert (club["accounts"], club["balance"], club["debt"], club["pending"]) == (3, 30, 10, 0)
    # Of kim's 205 points 120 were taken back and 60 redeemed; the others ended with February, in Berlin.
    assert (club["expired"], club["redeemed"]) == (25, 70)
    assert club["outstanding"] == {"2026-03": 30}
    assert club["earned"] == {"Product Reviewed": 5, "orders": 110}
    assert club["breakage"] == 25 * 1_000_000 // 115
    assert club["members"] == {"bronze": 3}
    assert {"from": "bronze", "to": "silver", "members": 1} in club["movement"]
    assert {"from": None, "to": "bronze", "members": 3} in club["movement"]
    assert club["faults"] == 0


def test_earned_less_redeemed_and_expired_is_what_stands(replayed: Path, tmp_path: Path) -> None:
    club = json.loads(run(tmp_path, "report", str(replayed), "--json").stdout)["programmes"]["club"]
    left = sum(club["earned"].values()) - club["redeemed"] - club["expired"]
    assert left == club["balance"] - club["debt"]
    assert sum(club["outstanding"].values()) == club["balance"]


def test_with_evidence_what_orders_earned_is_told_by_rule(tmp_path: Path) -> None:
    events = [
        call("kim", "Order Completed", "2026-01-03T10:00:00Z", order_id="o-1", products=[
            {"product_id": "a", "price": 30, "brand": "Own"}, {"product_id": "b", "price": 70}]),
        call("kim", "Order Refunded", "2026-01-04T10:00:00Z", order_id="o-1", total=50),
    ]  # fmt: skip
    rate = "on: Order Completed, points: 1, per: 1"
    rules = f"evidence: true\n    earn: [{{id: base, {rate}}}, {{id: own, {rate}, lines: {{brand: Own}}}}]\n"
    text = TOPOLOGY.replace(TOPOLOGY[TOPOLOGY.index("earn:") : TOPOLOGY.index("    expire")], rules)
    replay(tmp_path / "out", write(tmp_path / "events.ndjson", *events), plan=parse(text, {}).plan())
    club = json.loads(run(tmp_path, "report", str(tmp_path / "out"), "--json").stdout)["programmes"]["club"]
    assert club["earned"] == {"base": 50, "own": 15}


def test_the_same_as_text_csv_and_plot(replayed: Path, tmp_path: Path) -> None:
    table, plot = tmp_path / "liability.csv", tmp_path / "liability.svg"
    told = run(tmp_path, "report", str(replayed), "--csv", str(table), "--plot", str(plot))
    assert told.exit_code == 0, told.output
    assert "club: 30 points outstanding in 3 accounts, 0 pending, 10 owed by shoppers" in told.stdout
    assert "breakage so far 21.73 %" in told.stdout
    assert "club,outstanding,2026-03,30" in table.read_text().splitlines()
    drawn = ElementTree.fromstring(plot.read_text())
    assert len(drawn.findall("{http://www.w3.org/2000/svg}rect")) == 2


def test_an_entry_that_does_not_add_up_fails_the_report(replayed: Path, tmp_path: Path) -> None:
    for name in ("loyalty-points.ndjson", "loyalty-tiers.ndjson"):
        text = (replayed / name).read_text()
        (tmp_path / name).write_text(text.replace('"balance":50', '"balance":51'))
    told = run(tmp_path, "report", str(tmp_path))
    assert told.exit_code == 1
    assert "do not add up" in told.stdout


def test_nothing_there_is_said(tmp_path: Path) -> None:
    for name in ("loyalty-points.ndjson", "loyalty-tiers.ndjson"):
        (tmp_path / name).write_text("")
    assert "no line of a loyalty programme" in run(tmp_path, "report", str(tmp_path)).output
    assert "There is no loyalty-points.ndjson" in run(tmp_path, "report", str(tmp_path / "else")).output


def test_members_of_before_open_with_their_points(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("shopper,points,since\nkim,120,2026-01-10T00:00:00Z\nlee,0,\nmax,40,\n")
    opened = run(tmp_path, "open", str(tmp_path / "members.csv"), "--at", "2026-02-01T00:00:00Z")
    assert opened.exit_code == 0, opened.output
    events = [json.loads(line) for line in opened.stdout.splitlines() if line.startswith("{")]
    assert [(one["userId"], one["properties"]["points"]) for one in events] == [("kim", 120), ("max", 40)]
    plan = parse(TOPOLOGY, {}).plan()
    # A file that is sent twice counts once.
    replay(tmp_path / "out", write(tmp_path / "opening.ndjson", *events, *events), plan=plan)
    entries = lines(tmp_path / "out", "loyalty-points")
    assert [(one["shopper"], one["balance"], one["expires_at"], one["silent"]) for one in entries] == [
        ("kim", 120, "2026-02-28T23:00:00.000Z", True),
        ("max", 40, "2026-03-31T22:00:00.000Z", True),
    ]
    assert {(one["change"], one["silent"]) for one in lines(tmp_path / "out", "loyalty-tiers")} == {("joined", True)}


def test_each_line_that_is_not_right_is_told(tmp_path: Path) -> None:
    rows = ["shopper,points,since,tier", "kim,1.5,,", ",5,,", "lee,5,later,", "max,5,,platinum", "ann,5,2026-03-01,"]
    (tmp_path / "members.csv").write_text("\n".join([*rows, "eve,5,,", "eve,6,,"]))
    told = run(tmp_path, "open", str(tmp_path / "members.csv"), "--at", "2026-02-01")
    assert told.exit_code == 2
    assert told.stdout == ""
    for number, words in enumerate(
        ["points '1.5' should", "no shopper", "is no date", "no tier 'platinum'", "later than the opening"], 2
    ):
        assert f"line {number}: " in told.stderr
        assert words in told.stderr
    assert "line 8: the shopper stands in an earlier line" in told.stderr


def test_a_file_without_the_columns_is_refused(tmp_path: Path) -> None:
    (tmp_path / "members.csv").write_text("id,balance\nkim,5\n")
    told = run(tmp_path, "open", str(tmp_path / "members.csv"), "--at", "2026-02-01")
    assert "the header should name shopper and points" in told.stderr
    assert run(tmp_path, "open", str(tmp_path / "members.csv")).exit_code == 2
