"""`afterclick explain` of a loyalty programme: on which tier, why, what keeps it, and what becomes of it."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.replaying import call, write

TOPOLOGY = """
version: 1
name: shop
shop: {timezone: Europe/Berlin, currency: EUR}
segments:
  rich: {when: {points: {programme: club, at_least: 300}}}
  circle: {when: {tier: {programme: circle, is: vip}}}
loyalty:
  club:
    earn:
      - {on: Order Completed, points: 1, per: 1}
      - {on: $birthday, trait: birthday, points: 200}
    tiers:
      metric: points_earned
      window: {rolling: 365d}
      levels: [{name: bronze, from: 0}, {name: silver, from: 100, keep: 80}, {name: gold, from: 500}]
      term: 365d
      grace: 30d
      notices: [30d]
  circle:
    tiers:
      metric: spend
      window: {calendar: year}
      levels: [{name: guest, from: 0}, {name: friend, from: 1000}, {name: vip, granted_by: Membership Purchased}]
"""


@pytest.fixture(autouse=True)
def _shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    write(
        tmp_path / "events.ndjson",
        call("kim", "Order Completed", "2026-01-05T10:00:00Z", order_id="o1", total=60),
        call("kim", "Order Completed", "2026-02-05T10:00:00Z", order_id="o2", total=70),
        call("ann", "Order Completed", "2026-02-05T11:00:00Z", order_id="o3", total=20.5),
        call("ann", "Tier Locked", "2026-02-05T12:00:00Z", programme="club", tier="gold", until="2026-03-01"),
        call("ann", "Membership Purchased", "2026-02-05T12:00:00Z", until="2027-02-05T12:00:00Z"),
        call("tim", "Searched", "2026-02-06T10:00:00Z"),
    )


def said(*arguments: str) -> list[str]:
    result = CliRunner().invoke(app, ["explain", *arguments, "--input", "events.ndjson"])
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def as_data(*arguments: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(said(*arguments, "--json")))
    return found


def test_a_tier_that_was_reached_and_what_keeps_it() -> None:
    assert said("kim", "club") == [
        "kim is on silver of club since 2026-02-05T10:00:00.000Z: the metric reached it.",
        "As of 2026-02-06T10:00:00.000Z, by replay of events.ndjson.",
        "Balance 130.",
        "",
        "points earned in 365d: 130",
        "  2026-01-05T10:00:00.000Z  60  leaves at 2027-01-05T10:00:00.000Z",
        "  2026-02-05T10:00:00.000Z  70  leaves at 2027-02-05T10:00:00.000Z",
        "",
        "To keep silver: 80 by 2027-02-05T10:00:00.000Z, when it will be 0 if nothing happens; nothing is missing now.",
        "To reach gold: 500; 370 is missing now.",
        "",
        "If nothing happens:",
        "  2027-01-06T10:00:00.000Z  will downgrade silver > bronze: notice",
        "  2027-02-05T10:00:00.000Z  will downgrade silver > bronze: review",
        "  2027-03-07T10:00:00.000Z  downgraded silver > bronze: grace ended",
    ]


def test_in_grace_it_is_the_end_of_the_grace_that_counts() -> None:
    told = as_data("kim", "club", "--at", "2027-02-10T00:00:00Z")
    assert (told["tier"], told["value"], told["changes_at"]) == ("silver", 0, "2027-03-07T10:00:00.000Z")
    assert told["keep"] == {
        "threshold": 80,
        "missing": 80,
        "by": "2027-03-07T10:00:00.000Z",
        "value_then": 0,
        "lost_at": "2027-03-07T10:00:00.000Z",
    }
    later = as_data("kim", "club", "--at", "2027-03-08T00:00:00Z")
    assert (later["tier"], later["reason"], later["keep"]) == ("bronze", "grace_ended", None)


def test_a_lock_is_told_with_what_it_hides() -> None:
    assert said("ann", "loyalty.club")[0] == (
        "ann is on gold of club since 2026-02-05T12:00:00.000Z: it is locked until 2026-03-01T00:00:00.000Z; without "
        "that it would be bronze."
    )
    told = as_data("ann", "club")
    assert [(one["at"], one["change"], one["to"]) for one in told["ahead"]] == [
        ("2026-03-01T00:00:00.000Z", "downgraded", "bronze")
    ]


def test_a_tier_that_was_granted_in_money_of_a_year() -> None:
    assert said("ann", "loyalty.circle") == [
        "ann is on vip of circle since 2026-02-05T12:00:00.000Z: it was granted until 2027-02-05T12:00:00.000Z.",
        "As of 2026-02-06T10:00:00.000Z, by replay of events.ndjson.",
        "Balance 0.",
        "",
        "spend in this year, from 2025-12-31T23:00:00.000Z: 20.50 EUR",
        "  2026-02-05T11:00:00.000Z  20.50 EUR  leaves at 2026-12-31T23:00:00.000Z",
        "",
        "If nothing happens:",
        "  2027-02-05T12:00:00.000Z  downgraded vip > friend: grant ended",
    ]


def test_who_has_not_joined_and_a_name_of_two_rules() -> None:
    assert said("tim", "club")[0] == "tim has not joined club."
    assert as_data("tim", "club")["member"] is False
    result = CliRunner().invoke(app, ["explain", "kim", "circle", "--input", "events.ndjson"])
    assert (result.exit_code, result.output) == (
        2,
        "There is a segment and a programme circle, say segments.circle or loyalty.circle.\n",
    )
    assert said("kim", "segments.circle")[0] == "kim is not a member of circle and has never been."


def test_birthdays_are_foretold_in_the_shopper_s_zone() -> None:
    born = {"type": "identify", "userId": "kim", "messageId": "born", "timestamp": "2026-02-07T10:00:00Z"}
    born |= {"traits": {"birthday": "1990-03-01", "timezone": "America/New_York"}}
    with Path("events.ndjson").open("a") as file:
        file.write(json.dumps(born) + "\n")
    midnight = "2026-03-01T05:00:00.000Z"
    assert as_data("kim", "rich")["changes_at"] == midnight
    assert as_data("kim", "club", "--at", midnight)["value"] == 330
