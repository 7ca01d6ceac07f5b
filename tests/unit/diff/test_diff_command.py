"""`afterclick diff`: what it says of two topologies and a history, and what it says when it can't."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.replaying import call, write

DOCUMENT = Path(__file__).parents[3] / "docs" / "diff.md"
OLD = """
version: 1
name: shop
shop: {currency: EUR}
segments:
  engaged: {when: {count: {of: Product Viewed, at_least: 2, within: 30d}}}
  buyers: {title: Who bought, when: {orders: {within: 30d, at_least: 1}}}
  anyone: {when: {count: {of: Product Viewed, at_least: 1}}}
"""
NEW = """
version: 1
name: shop
shop: {currency: EUR}
segments:
  engaged: {title: Looking around, when: {count: {of: Product Viewed, at_least: 3, within: 30d}}}
  buyers: {title: Buyers, when: {orders: {within: 30d, at_least: 1}}}
  rich: {when: {spend: {within: 60d, at_least: 50}}}
traits:
  searches: {count: {of: Searched}}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with two topologies, and a file in which kim and lea look around, and lea orders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(OLD)
    (tmp_path / "new.yaml").write_text(NEW)
    write(
        tmp_path / "events.ndjson",
        call("kim", "Product Viewed", "2026-01-02T10:00:00Z"),
        call("lea", "Product Viewed", "2026-01-02T10:05:00Z"),
        call("kim", "Product Viewed", "2026-01-03T10:00:00Z"),
        call("lea", "Product Viewed", "2026-01-03T11:00:00Z"),
        call("lea", "Product Viewed", "2026-01-04T10:00:00Z"),
        call("lea", "Order Completed", "2026-01-04T11:00:00Z", order_id="o1", total=80),
        call("tom", "Order Completed", "2026-01-05T11:00:00Z", order_id="o2", total=20),
    )
    return tmp_path


def diff(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["diff", *arguments])


def as_data(*arguments: str) -> dict[str, Any]:
    result = diff(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_who_would_enter_and_leave(shop: Path) -> None:
    # given a threshold that is raised, a segment that is new, one that is gone and one of another title
    result = diff("topology.yaml", "new.yaml", "--input", "events.ndjson")

    # then each is told, and lea, whose third view counts only by its whole history
    assert result.exit_code == 0, result.output
    told = [line.rstrip() for line in result.output.splitlines()]
    assert told == [
        "new.yaml instead of topology.yaml, deployed at 2026-01-05T11:00:00.000Z.",
        "By 7 events of 3 shoppers from 2026-01-02T10:00:00.000Z on, of events.ndjson.",
        "",
        "traits.searches new, complete never, without a backfill",
        "",
        "segment  change   before  enter  leave  after  complete",
        "anyone   removed       2      0      2      0",
        "engaged  changed       2      0      2      0  from 2026-02-04T11:00:00.000Z",
        "rich     new           0      1      0      1  at once",
        "1 segment unchanged, in meaning and in members",
        "",
        "anyone",
        "  would leave 2: kim, lea",
        "",
        "engaged (Looking around)",
        "  would leave 2: kim, lea",
        "  not kept before: latest 3 timestamps of Product Viewed; complete from 2026-02-04T11:00:00.000Z",
        "  with its whole history 1 would be a member; until it is complete 1 differs: lea",
        "",
        "rich",
        "  would enter 1: lea",
    ]
    assert "\n".join(told) in DOCUMENT.read_text()


def test_the_same_as_data(shop: Path) -> None:
    data = as_data("topology.yaml", "new.yaml", "--input", "events.ndjson", "--segment", "engaged", "--samples", "1")
    (engaged,) = data.pop("segments")
    assert engaged.pop("old") != engaged.pop("new")
    assert engaged == {
        "segment": "engaged",
        "title": "Looking around",
        "loud": False,
        "change": "changed",
        "before": 2,
        "after": 0,
        "enter": {"count": 0, "sample": []},
        "leave": {"count": 2, "sample": ["kim"]},
        "complete": {
            "when": "from",
            "from": "2026-02-04T11:00:00.000Z",
            "lacks": [
                {
                    "keeps": "latest 3 timestamps of Product Viewed",
                    "when": "from",
                    "from": "2026-02-04T11:00:00.000Z",
                }
            ],
        },
        "with_whole_history": {
            "after": 1,
            "enter": {"count": 0, "sample": []},
            "leave": {"count": 1, "sample": ["kim"]},
        },
        "differ": {"count": 1, "sample": ["lea"]},
        "reached": False,
    }
    assert (data["events"], data["shoppers"], data["facts"]) == (7, 3, [])
    assert data["source"] == {"kind": "replay", "inputs": ["events.ndjson"], "begins": "2026-01-02T10:00:00.000Z"}


def test_until_is_the_instant_of_the_deployment(shop: Path) -> None:
    early = as_data("topology.yaml", "new.yaml", "--input", "events.ndjson", "--until", "2026-01-03T10:30:00Z")
    counts = {one["segment"]: (one["before"], one["after"]) for one in early["segments"]}
    assert counts == {"anyone": (2, 0), "buyers": (0, 0), "engaged": (1, 0), "rich": (0, 0)}
    assert (early["as_of"], early["events"]) == ("2026-01-03T10:30:00.000Z", 3)
    late = as_data("topology.yaml", "new.yaml", "--input", "events.ndjson", "--until", "2026-03-01T00:00:00Z")
    counts = {one["segment"]: (one["before"], one["after"]) for one in late["segments"]}
    assert counts == {"anyone": (2, 0), "buyers": (0, 0), "engaged": (0, 0), "rich": (0, 1)}


def test_facts_and_every_kind_of_definition(shop: Path) -> None:
    # given a shop that names its events otherwise, counts in another currency, and has other rules of every kind
    (shop / "new.yaml").write_text(
        """
version: 1
name: shop
shop: {currency: USD, timezone: Europe/Berlin, exchange_rates: {EUR: 1.1}}
events: {aliases: {Product Viewed: Searched}}
time: {late: {segments: 1d}}
segments:
  engaged: {when: {count: {of: Searched, at_least: 2, within: 30d}}}
rfm: {recency: [1, 2, 3, 4], frequency: [1, 2, 3, 4], monetary: [1, 2, 3, 4]}
journey: [{stage: engaged, when: {in: engaged}}, {stage: other}]
abandonment: {cart: {stages: [1h]}}
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    tiers: {metric: points_earned, window: lifetime, levels: [{name: bronze, from: 0}]}
"""
    )
    data = as_data("topology.yaml", "new.yaml", "--input", "events.ndjson")

    # then all is told
    assert [(one["fact"], one["old"], one["new"]) for one in data["facts"]] == [
        ("shop.timezone", "UTC", "Europe/Berlin"),
        ("shop.currency", "EUR", "USD"),
        ("shop.exchange_rates", {}, {"EUR": "1.1"}),
        ("events.aliases", {}, {"Product Viewed": "Searched"}),
        ("time.late.segments", "7d", "1d"),
    ]
    assert [(one["section"], one["name"], one["change"]) for one in data["definitions"]] == [
        ("journey", "stages", "new"),
        ("rfm", "thresholds", "new"),
        ("abandonment", "cart", "new"),
        ("loyalty", "club", "new"),
    ]
    # and the calls that have another name now make kim and lea members by their whole history
    engaged = next(one for one in data["segments"] if one["segment"] == "engaged")
    assert (engaged["before"], engaged["after"], engaged["with_whole_history"]["after"]) == (2, 0, 2)
    assert engaged["differ"] == {"count": 2, "sample": ["kim", "lea"]}


def test_the_journey(shop: Path) -> None:
    # given stages, of which the new topology has one more that looks back further than was kept
    stages = "journey: [{stage: buyer, when: {in: buyers}}, {stage: visitor}]\n"
    loyal = "{stage: loyal, when: {orders: {at_least: 1, within: 1d}}}, "
    known = "{stage: regular, when: {count: {of: Product Viewed, at_least: 2, within: 9d}}}, "
    (shop / "topology.yaml").write_text(OLD + stages)
    (shop / "new.yaml").write_text(
        OLD + stages.replace("[", f"[{loyal}").replace("{stage: vis", f"{known}{{stage: vis")
    )
    arguments = ("topology.yaml", "new.yaml", "--input", "events.ndjson")

    # then shoppers move, and kim would be known by the whole history
    told = diff(*arguments).output
    assert told.endswith("\njourney\n  buyer -> loyal 1: tom\n  by whole histories another stage of 1: kim\n"), told
    assert as_data(*arguments)["stages"] == {
        "moves": [{"from": "buyer", "to": "loyal", "count": 1, "sample": ["tom"]}],
        "differ": {"count": 1, "sample": ["kim"]},
    }


def test_tiers_that_members_move_to(shop: Path) -> None:
    # given a ladder of which a level is gone, and that has others
    club = "loyalty:\n  club:\n    tiers:\n      metric: orders\n      levels: [{name: bronze, from: 0}, "
    (shop / "topology.yaml").write_text(OLD + club + "{name: fan, from: 1}]\n")
    (shop / "new.yaml").write_text(OLD + club + "{name: silver, from: 1}, {name: gold, from: 5}]\n")
    arguments = ("topology.yaml", "new.yaml", "--input", "events.ndjson")

    # then who was on a tier that is gone moves to where the metric leads
    assert "loyalty club\n  fan -> silver 2: lea, tom\n" in diff(*arguments).output
    assert as_data(*arguments)["tiers"] == {
        "club": {
            "moves": [{"from": "fan", "to": "silver", "count": 2, "sample": ["lea", "tom"]}],
            "differ": {"count": 0, "sample": []},
        }
    }


def test_messages_and_what_bounds_them_are_definitions(shop: Path) -> None:
    on = "on: {event: A}, channel: email"
    (shop / "topology.yaml").write_text(f"{OLD}messaging: {{messages: {{a: {{{on}}}, b: {{{on}}}, c: {{{on}}}}}}}\n")
    (shop / "new.yaml").write_text(f"{OLD}messaging: {{messages: {{a: {{{on}}}, b: {{{on}, priority: 1}}}}}}\n")
    told = diff("topology.yaml", "new.yaml", "--input", "events.ndjson").output
    assert "messaging.b changed\nmessaging.c removed\n" in told
    (shop / "new.yaml").write_text(
        (shop / "topology.yaml").read_text().replace("messaging: {", "messaging: {arbitration: 1s, ")
    )
    told = diff("topology.yaml", "new.yaml", "--input", "events.ndjson", "--exit-code")
    assert told.exit_code == 3
    assert "messaging but its messages changed from" in told.output


SENDING = (
    OLD
    + """
messaging:
  consent: {unknown: granted}
  arbitration: 0s
  caps: [{channel: on-site, at_most: 1, per: 1d, over: defer}]
  messages:
    thanks: {on: {event: Order Completed}, channel: on-site}
    hello: {on: {event: Product Viewed}, channel: on-site, priority: 2, variants: {a: 100}}
"""
)


def test_messages_gained_and_lost(shop: Path) -> None:
    # given a cap that drops instead of defers, other variants, and a message more
    changed = SENDING.replace("per: 1d, over: defer", "per: 2d").replace("{a: 100}", "{b: 100}")
    (shop / "topology.yaml").write_text(SENDING)
    (shop / "new.yaml").write_text(changed + "    more: {on: {event: Product Viewed}, channel: email}\n")
    arguments = ("topology.yaml", "new.yaml", "--input", "events.ndjson", "--until", "2026-01-08T00:00:00Z")
    told = [line.rstrip() for line in diff(*arguments).output.splitlines()]

    # then each message that one topology sends and the other does not is told, and what becomes of it there
    assert told[told.index("message  before  gained  lost  after") :] == [
        "message  before  gained  lost  after",
        "hello         5       0     3      2",
        "more          0       0     0      0",
        "thanks        2       0     0      2",
        "",
        "hello",
        "  lost, now cap 3: kim, lea and 1 more",
        "  with another variant 2: kim, lea",
    ]
    data = as_data(*arguments)
    assert [one["message"] for one in data["messages"]] == ["hello", "more", "thanks"]
    assert data["messages"][0]["lost"] == [{"to": "cap", "count": 3, "sample": ["kim", "lea"]}]
    back = as_data("new.yaml", "topology.yaml", *arguments[2:])
    assert back["messages"][0]["gained"] == [{"instead_of": "cap", "count": 3, "sample": ["kim", "lea"]}]
    same = diff("topology.yaml", "topology.yaml", *arguments[2:], "--exit-code")
    assert same.exit_code == 0, same.output
    assert "hello         5       0     0      5" in same.output


def test_titles_and_order_are_no_difference(shop: Path) -> None:
    text = OLD.replace("Who bought", "Buyers").replace("shop: {currency: EUR}\n", "")
    (shop / "new.yaml").write_text(text)
    result = diff("topology.yaml", "new.yaml", "--input", "events.ndjson", "--exit-code")
    assert result.exit_code == 0, result.output
    assert result.output.endswith("\n\n3 segments unchanged, in meaning and in members\n")


def test_exit_code_and_quiet(shop: Path) -> None:
    arguments = ("topology.yaml", "new.yaml", "--input", "events.ndjson", "--exit-code", "--quiet")
    result = diff(*arguments)
    assert (result.exit_code, result.output) == (3, "")
    assert diff(*arguments, "--segment", "buyers").exit_code == 3
    assert diff(*arguments[:4]).exit_code == 0


def test_samples_may_be_left_out(shop: Path) -> None:
    result = diff("topology.yaml", "new.yaml", "--input", "events.ndjson", "--samples", "0")
    assert "  would leave 2\n" in result.output
    assert not any(name in result.output for name in ("kim", "tom"))


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["topology.yaml", "new.yaml"], "Name a history to compare by: files of events"),
        (["topology.yaml", "new.yaml", "--input", "events.ndjson", "--live"], "Name a history to compare by"),
        (["topology.yaml", "new.yaml", "--input", "events.ndjson", "--brokers", "b:1"], "Name a history to compare by"),
        (["topology.yaml", "nowhere.yaml", "--input", "events.ndjson"], "nowhere.yaml"),
        (["topology.yaml", "new.yaml", "--input", "nowhere.ndjson"], "nowhere.ndjson cannot be read"),
        (["topology.yaml", "new.yaml", "--input", "events.ndjson", "--until", "soon"], "--until soon is no time"),
        (
            ["topology.yaml", "new.yaml", "--input", "events.ndjson", "--segment", "engagd"],
            "Neither topology has a segment engagd, did you mean engaged?",
        ),
        (["topology.yaml", "new.yaml", "--input", "orders.csv"], "orders.csv is CSV: say with --mapping FILE"),
        (["topology.yaml", "other.yaml", "--input", "events.ndjson"], "topology.yaml is shop and other.yaml is other"),
    ],
)
def test_wrong_arguments_are_2(shop: Path, arguments: list[str], sentence: str) -> None:
    (shop / "other.yaml").write_text(NEW.replace("name: shop", "name: other"))
    result = diff(*arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.output


def test_nothing_usable_is_1(shop: Path) -> None:
    (shop / "bad.ndjson").write_text("nonsense\n")
    result = diff("topology.yaml", "new.yaml", "--input", "bad.ndjson")
    assert (result.exit_code, result.output) == (1, "Nothing usable: no input holds a valid event.\n")


CLUB = """
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    tiers: {metric: points_earned, levels: [{name: bronze, from: 0}, {name: silver, from: 50}]}
"""


@pytest.mark.usefixtures("shop")
def test_a_changed_ladder_says_who_would_move() -> None:
    Path("topology.yaml").write_text(OLD + CLUB)
    Path("new.yaml").write_text(OLD + CLUB.replace("50", "100"))
    said = diff("topology.yaml", "new.yaml", "--input", "events.ndjson").output.splitlines()
    assert "loyalty.club changed" in said
    assert said[-2:] == ["loyalty club", "  silver -> bronze 1: lea"]
