"""`afterclick explain`: what it says, from a file and from a worker's stores, and what it says when it can't."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import Result
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.config.topology import load
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import StateWrite
from pipeline.state.rocksdb import RocksStore
from tests.support.replaying import call, write
from tests.support.shop_history import history, write_topology
from tests.support.shop_state import CODEC, records_of, write_stores

UNKNOWN = "The topology has no segment or programme"
DOCUMENT = Path(__file__).parents[3] / "docs" / "explain.md"
TOPOLOGY = """
version: 1
name: shop
shop: {timezone: Europe/Berlin, currency: EUR}
segments:
  engaged:
    title: Looking around a lot
    when: {count: {of: Product Viewed, where: {category: Shoes}, at_least: 2, within: 1h}}
  slipping: {when: {all: [{spend: {within: 365d, at_least: 100}}, {orders: {within: 60d, at_most: 0}}]}}
  curious:
    when:
      any:
        - in: engaged
        - not: {trait: {name: plan, is: pro}}
        - cart: {value: {at_least: 20}, items: {between: [1, 5]}, contains: {product_id: [p1, p2]}}
        - last: {of: Product Viewed, property: category, exists: false}
        - sum: {of: Product Viewed, property: price, within: 1d, more_than: 12.5}
        - distinct: {of: [Product Viewed, Product Added], property: product_id, within: 1d, at_least: 3}
        - avg: {of: Product Viewed, property: price, at_most: 1}
        - first: {of: "*", property: $time, within: 30d}
        - max: {of: Searched, property: results, at_least: 1}
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a topology, and a file in which kim looks at shoes twice, fills a cart and orders."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    write(
        tmp_path / "events.ndjson",
        call("kim", "Product Viewed", "2026-01-05T10:00:00Z", category="Shoes", price=10.5, product_id="p1"),
        call("kim", "Product Viewed", "2026-01-05T10:20:00Z", category="Shoes", price=11, product_id="p1"),
        call("kim", "Product Added", "2026-01-05T10:21:00Z", price=11, product_id="p1", quantity=2),
        call("kim", "Order Completed", "2026-01-05T10:25:00Z", order_id="o1", cart_id="other", total=112.5),
        call("tim", "Product Viewed", "2026-01-05T10:30:00Z", category="Hats"),
    )
    return tmp_path


def explain(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["explain", *map(str, arguments)])


def said(*arguments: str | Path) -> list[str]:
    result = explain(*arguments)
    assert result.exit_code == 0, result.output
    return result.output.splitlines()


def as_data(*arguments: str | Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads("\n".join(said(*arguments, "--json")))
    return found


def test_a_member_until_the_window_lets_go(shop: Path) -> None:
    # given kim, who looked at shoes twice within the hour, then the two views hold it, as long as the older one does
    assert said("kim", "engaged", "--input", "events.ndjson") == [
        "kim is a member of engaged (Looking around a lot) since 2026-01-05T10:20:00.000Z.",
        "As of 2026-01-05T10:30:00.000Z, by replay of events.ndjson.",
        "If nothing happens, leaves at 2026-01-05T11:00:00.000Z.",
        "",
        "yes  count of Product Viewed where category is Shoes in 1h: 2 or more, wanted at least 2; until "
        "2026-01-05T11:00:00.000Z",
        "       2026-01-05T10:00:00.000Z  leaves at 2026-01-05T11:00:00.000Z",
        "       2026-01-05T10:20:00.000Z  leaves at 2026-01-05T11:20:00.000Z",
    ]


def test_at_an_instant_the_timer_has_fired_and_one_millisecond_before_it_has_not(shop: Path) -> None:
    before = as_data("kim", "engaged", "--input", "events.ndjson", "--at", "2026-01-05T10:59:59.999Z")
    after = as_data("kim", "engaged", "--input", "events.ndjson", "--at", "2026-01-05T11:00:00Z")
    assert (before["member"], before["changes_at"]) == (True, "2026-01-05T11:00:00.000Z")
    assert (after["member"], after["since"], after["changes_at"]) == (False, "2026-01-05T11:00:00.000Z", None)
    assert (after["sequence"], after["when"]["value"], after["when"]["exact"]) == (2, 1, True)


def test_records_after_the_instant_are_not_read(shop: Path) -> None:
    early = as_data("kim", "engaged", "--input", "events.ndjson", "--at", "2026-01-05T10:10:00Z")
    assert (early["member"], early["since"], early["sequence"], early["when"]["value"]) == (False, None, 0, 1)


def test_a_segment_that_will_be_entered_by_itself(shop: Path) -> None:
    shown = said("kim", "slipping", "--input", "events.ndjson")
    assert "\n".join(shown) in DOCUMENT.read_text()
    assert shown == [
        "kim is not a member of slipping and has never been.",
        "As of 2026-01-05T10:30:00.000Z, by replay of events.ndjson.",
        "If nothing happens, enters at 2026-03-06T10:25:00.000Z.",
        "",
        "no   all of these; from 2026-03-06T10:25:00.000Z",
        "yes    spend in 365d: 112.50 EUR, wanted at least 100.00 EUR; until 2027-01-05T10:25:00.000Z",
        "         2026-01-05T10:25:00.000Z  112.50 EUR  leaves at 2027-01-05T10:25:00.000Z",
        "no     orders in 60d: 1, wanted at most 0; from 2026-03-06T10:25:00.000Z",
        "         2026-01-05T10:25:00.000Z  112.50 EUR  leaves at 2026-03-06T10:25:00.000Z",
    ]


def test_every_kind_of_clause_is_told_in_the_words_of_the_topology(shop: Path) -> None:
    shown = said("kim", "curious", "--input", "events.ndjson")
    assert shown[2] == "Time alone does not change that."
    assert [line for line in shown[4:] if line[:3].strip()] == [
        "yes  any of these",
        "yes    in engaged; until 2026-01-05T11:00:00.000Z",
        "yes      count of Product Viewed where category is Shoes in 1h: 2 or more, wanted at least 2; until "
        "2026-01-05T11:00:00.000Z",
        "yes    not",
        "no       trait plan: nothing, wanted is pro",
        "yes    cart: 22.00 EUR in 2 pieces, wanted value at least 20.00 EUR and items between 1 and 5 and a line with "
        "product_id in p1 or p2",
        "no     last category of Product Viewed: Shoes, wanted is missing",
        "yes    sum price of Product Viewed in 1d: 21.5, wanted more than 12.5; until 2026-01-06T10:00:00.000Z",
        "no     distinct product_id of Product Added or Product Viewed in 1d: 1, wanted at least 3",
        "no     avg price of Product Viewed: 10.75, wanted at most 1",
        "yes    first time of any event: 2026-01-05T10:00:00.000Z, wanted within 30d; until 2026-02-04T10:00:00.000Z",
        "no     max results of Searched: nothing, wanted at least 1",
    ]
    assert "         2026-01-05T10:21:00.000Z  product_id p1, quantity 2, price 11.00" in shown
    assert "         2026-01-05T10:20:00.000Z  message kim/Product Viewed/2026-01-05T10:20:00Z" in shown


def test_the_same_as_data(shop: Path) -> None:
    data = as_data("kim", "slipping", "--input", "events.ndjson")
    definition = data.pop("definition")
    assert definition == next(
        one.identity for one in load(shop / "topology.yaml", {}).plan().segments if one.name == "slipping"
    )
    orders = data["when"].pop("clauses")[1]
    assert data == {
        "shopper": "kim",
        "segment": "slipping",
        "title": "",
        "member": False,
        "since": None,
        "sequence": 0,
        "changes_at": "2026-03-06T10:25:00.000Z",
        "as_of": "2026-01-05T10:30:00.000Z",
        "source": {"kind": "replay", "inputs": ["events.ndjson"]},
        "other_topology": False,
        "known_from": None,
        "when": {"clause": "all", "holds": False, "changes_at": "2026-03-06T10:25:00.000Z"},
    }
    assert orders == {
        "clause": "orders",
        "within": "60d",
        "holds": False,
        "value": 1,
        "exact": True,
        "threshold": {"at_most": 0},
        "evidence": [
            {
                "at": "2026-01-05T10:25:00.000Z",
                "value": {"amount": 11_250, "currency": "EUR"},
                "leaves_at": "2026-03-06T10:25:00.000Z",
            }
        ],
        "changes_at": "2026-03-06T10:25:00.000Z",
    }


def test_of_much_evidence_the_text_lists_the_latest(shop: Path) -> None:
    views = [call("kim", "Product Viewed", f"2026-01-05T12:{minute:02}:00Z", price=1) for minute in range(30)]
    write(shop / "many.ndjson", *views)
    shown = said("kim", "curious", "--input", "many.ndjson")
    at = next(number for number, line in enumerate(shown) if "sum price" in line)
    assert shown[at + 1].strip() == "20 earlier ones"
    assert shown[at + 11].strip().startswith("2026-01-05T12:29:00.000Z  1  leaves at")
    assert len(as_data("kim", "curious", "--input", "many.ndjson")["when"]["clauses"][4]["evidence"]) == 30


def test_a_store_says_what_a_replay_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    # given a history in a file, and a worker's stores with what came of it
    monkeypatch.chdir(tmp_path)
    topology = load(write_topology(tmp_path / "topology.yaml"), {})
    calls = [value for _, value in history(3_000, shoppers=40)]
    write(tmp_path / "events.ndjson", *calls)
    write_stores(tmp_path / "data", records_of(topology.plan(), calls))
    # when both are asked about an instant after it
    for number in range(0, 40, 5):
        question = (f"shopper-{number}", "buyers", "--at", "2026-01-02T00:00:00Z")
        replayed, stored = as_data(*question, "--input", "events.ndjson"), as_data(*question, "--data-dir", "data")
        # then they differ only in where they looked
        assert stored.pop("source")["kind"] == "store"
        assert replayed.pop("source")["kind"] == "replay"
        assert stored == replayed
    # and without an instant the record is as it was left
    assert as_data("shopper-5", "buyers")["as_of"] <= "2026-01-02T00:00:00Z"


@pytest.fixture
def data(shop: Path) -> Path:
    """A worker's data directory that knows kim and tim."""
    calls = (shop / "events.ndjson").read_bytes().splitlines()
    write_stores(shop / "data", records_of(load(shop / "topology.yaml", {}).plan(), calls))
    return shop / "data"


def test_a_store_that_its_worker_has_open_is_only_read(data: Path) -> None:
    stores = [RocksStore(data / "shopper" / "state").open(partition) for partition in ("0", "1")]
    before = {path: path.stat().st_mtime_ns for path in data.rglob("*")}
    assert as_data("kim", "engaged", "--data-dir", data)["member"] is True
    assert {path: path.stat().st_mtime_ns for path in data.rglob("*")} == before
    for store in stores:
        store.write(StateWrite([(b"jim", CODEC.encode(Shopper()))], 10))
        store.close()


def test_a_record_of_another_topology_is_explained_under_this_one_and_that_is_said(data: Path, shop: Path) -> None:
    (shop / "topology.yaml").write_text(TOPOLOGY.replace("at_most: 0", "at_most: 1"))
    shown = said("kim", "slipping", "--data-dir", data)
    assert shown[0].startswith("kim is a member of slipping since")
    assert shown[2] == "The record was decided under another topology; this is what the present one makes of it."


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ("kim engagd --input events.ndjson", 2, f"{UNKNOWN} engagd, did you mean engaged?"),
        ("kim x --input events.ndjson", 2, f"{UNKNOWN} x, it has curious, engaged, slipping."),
        (
            "jim engaged --input events.ndjson",
            1,
            "This shopper is not known: no valid event of that id in events.ndjson.",
        ),
        (
            "kim engaged --input events.ndjson --at 2026-01-01",
            1,
            "This shopper is not known: no valid event of that id in events.ndjson by 2026-01-01T00:00:00.000Z.",
        ),
        (
            "jim engaged --data-dir data",
            1,
            "This shopper is not known under data; another worker may have its partition: ask with --brokers.",
        ),
        (
            "kim engaged --data-dir nowhere",
            1,
            "There is no state under nowhere; name a worker's directory with --data-dir.",
        ),
        (
            "kim engaged --data-dir data --at 2026-01-01",
            2,
            "The record stands at 2026-01-05T10:25:00.000Z; for an earlier instant replay a file with --input.",
        ),
        ("kim engaged --input events.ndjson --at soon", 2, "--at soon is no time; write it as 2026-01-31T00:00:00Z."),
        ("kim engaged --input missing.ndjson", 2, "missing.ndjson cannot be read: No such file or directory."),
        (
            "kim engaged --input events.ndjson --brokers kafka:9092",
            2,
            "--input, --data-dir and --brokers are three places to look at; name one.",
        ),
    ],
)
@pytest.mark.usefixtures("data")
def test_what_can_not_be_explained_is_a_sentence(arguments: str, code: int, sentence: str) -> None:
    result = explain(*arguments.split())
    assert (result.exit_code, result.output) == (code, sentence + "\n")


def test_a_damaged_store_is_a_sentence(data: Path) -> None:
    for partition in "01":
        (data / "shopper" / "state" / partition / "CURRENT").write_text("MANIFEST-999999\n")
    result = explain("kim", "engaged", "--data-dir", data)
    assert result.exit_code == 1
    assert "is damaged" in result.output


def test_brokers_that_are_away_are_a_sentence(shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.commands.explain._PATIENCE", 0.5)
    result = explain("kim", "engaged", "--brokers", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.output


def test_a_member_whose_hold_has_not_run_out_and_a_sequence(shop: Path) -> None:
    (shop / "topology.yaml").write_text(
        """
version: 1
name: shop
segments:
  patient:
    hold: {leave: 1d}
    when: {count: {of: Product Viewed, at_least: 2, within: 1h}}
  undecided:
    when: {sequence: {steps: [{of: Product Added}, {of: Checkout Started, absent: true}], within: 2h}}
"""
    )
    # given the window has let go of the first view at 11:00
    found = as_data("kim", "patient", "--input", "events.ndjson", "--at", "2026-01-05T12:00:00Z")
    assert (found["member"], found["when"]["holds"]) == (True, False)
    assert found["changes_at"] == "2026-01-06T11:00:00.000Z"
    # and nothing was bought within two hours of 10:21
    before = as_data("kim", "undecided", "--input", "events.ndjson", "--at", "2026-01-05T12:00:00Z")
    assert (before["member"], before["changes_at"]) == (False, "2026-01-05T12:21:00.000Z")
    after = as_data("kim", "undecided", "--input", "events.ndjson", "--at", "2026-01-05T13:00:00Z")
    assert after["when"] == {
        "clause": "sequence",
        "steps": [{"of": ["Product Added"]}, {"of": ["Checkout Started"], "absent": True}],
        "within": "2h",
        "holds": True,
        "changes_at": None,
    }
