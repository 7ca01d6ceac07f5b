"""833 real events of Snowplow's trackers as enriched events, through the archive's adapter."""

import csv
import json
from collections import Counter
from decimal import Decimal
from pathlib import Path

import pytest

from pipeline.archive.enriched_event import COLUMNS
from pipeline.archive.source import SNOWPLOW
from pipeline.domain.event import Event, decode_object
from tests.real_input.snowplow_event import SnowplowEvent, read_events
from tests.support.archived import described, enriched, events, write

pytestmark = pytest.mark.real_input

_PREFIX = "com_snowplowanalytics_snowplow_"
TABLES = {"ecommerce_product": "product", "ecommerce_cart": "cart", "ecommerce_transaction": "transaction",
          "ecommerce_checkout_step": "checkout_step", "client_session": "client_session"}  # fmt: skip
# Columns of the tables that are no field of an entity.
JOINED = ("root_id", "root_tstamp", "schema_name", "")
NAMES = {
    "product_view": "Product Viewed", "list_view": "Product List Viewed", "list_click": "Product Clicked",
    "promo_view": "Promotion Viewed", "promo_click": "Promotion Clicked", "add_to_cart": "Product Added",
    "remove_from_cart": "Product Removed", "transaction": "Order Completed", "refund": "Order Refunded",
}  # fmt: skip


@pytest.fixture(scope="module")
def source(shared: Path) -> Path:
    return shared / "data" / "snowplow_ecommerce" / "source"


@pytest.fixture(scope="module")
def wanted(source: Path) -> list[SnowplowEvent]:
    return read_events(source)


@pytest.fixture(scope="module")
def found(source: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[Event]]:
    """Events by the id of the tracked event that they come from."""
    rows = write(tmp_path_factory.mktemp("snowplow") / "enriched.tsv.gz", _rows(source))
    told: dict[str, list[Event]] = {}
    for event in events(rows, SNOWPLOW):
        told.setdefault(event.message_id.partition(":")[0], []).append(event)
    return told


def _rows(source: Path) -> list[bytes]:
    """The tables joined back to what Enrich wrote."""
    entities: dict[str, list[dict[str, object]]] = {}
    actions: dict[str, dict[str, object]] = {}
    for table, name in {**TABLES, "ecommerce_action": "snowplow_ecommerce_action"}.items():
        with (source / f"{_PREFIX}{table}_1.csv").open(newline="") as file:
            for row in csv.DictReader(file):
                data = {_field(key): value for key, value in row.items() if key not in JOINED and value}
                if table == "ecommerce_action":
                    actions[row["root_id"]] = described(name, data)
                else:
                    entities.setdefault(row["root_id"], []).append(described(name, data))
    rows = []
    with (source / "snowplow_ecommerce_events.csv").open(newline="") as file:
        for row in csv.DictReader(file):
            columns: dict[str, object] = {name: value for name, value in row.items() if name in COLUMNS}
            columns |= {name: _instant(row[name]) for name in row if name.endswith("_tstamp") and name in COLUMNS}
            if row["event"] == "unstruct":
                # Of events of another schema the tables tell the name alone.
                event = actions.get(row["event_id"]) or described(row["event_name"], {})
                columns["unstruct_event"] = described("unstruct_event", event)
            columns["contexts"] = described("contexts", entities.get(row["event_id"], []))
            rows.append(enriched(**columns))
    return rows


def _field(column: str) -> str:
    """The tables of app sessions write camel case apart."""
    return {"user_id": "userId", "session_id": "sessionId"}.get(column, column)


def _instant(cell: str) -> str:
    """As Enrich writes it: milliseconds, without a zone."""
    return cell.removesuffix("+00:00")[:23]


def test_every_event_is_taken(wanted: list[SnowplowEvent], found: dict[str, list[Event]]) -> None:
    assert found.keys() == {event.event_id for event in wanted}


def test_each_is_of_its_visitor_and_its_time(wanted: list[SnowplowEvent], found: dict[str, list[Event]]) -> None:
    ahead = [event for event in wanted if event.time > event.received]
    assert len(ahead) == 1, "of one event the table has a time that its own clocks do not come to"
    for event in wanted:
        for one in found[event.event_id]:
            assert one.shopper == event.shopper
            assert one.received == event.received
            # Enrich derives the time from rounded clocks.
            assert event in ahead or abs(one.time - min(event.time, event.received)) <= 1


def test_actions_are_the_standard_events_with_their_products(
    wanted: list[SnowplowEvent], found: dict[str, list[Event]]
) -> None:
    assert Counter(event.action for event in wanted if event.action in NAMES).total() == 384
    for event in wanted:
        if event.action not in NAMES:
            continue
        told = found[event.event_id]
        assert {one.name for one in told} == {NAMES[event.action]}
        listed = [decode_object(one.properties) for one in told]
        products = listed if len(told) > 1 or "products" not in listed[0] else listed[0]["products"]
        ids = [product.get("product_id") for product in products if product.get("product_id")]
        assert ids == [product["id"] for product in event.products]


def test_orders_are_worth_what_they_were(wanted: list[SnowplowEvent], found: dict[str, list[Event]]) -> None:
    orders = [event for event in wanted if event.transaction is not None and event.action == "transaction"]
    assert len(orders) == 14
    for event in orders:
        (one,) = found[event.event_id]
        properties = decode_object(one.properties)
        assert event.transaction is not None
        assert Decimal(str(properties["total"])) == Decimal(event.transaction["revenue"])
        assert properties["order_id"] == event.transaction["transaction_id"]
        assert json.dumps(properties["products"])
