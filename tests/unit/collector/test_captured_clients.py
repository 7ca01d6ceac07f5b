"""Every captured request is answered 200, and what it comes to is what intake understands (wire-format.md)."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from tests.support.captured_request import CAPTURES, Captured, captured, clients
from tests.support.collector_client import RECEIVED, CollectorClient

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")

CLIENTS = clients() if CAPTURES.is_dir() else []


def posted(client: CollectorClient, request: Captured) -> list[dict[str, Any]]:
    before = len(client.log.records)
    response = client.request(request.method, request.target, request.body, request.headers)
    assert response.status_code == 200, response.text
    return [json.loads(record.value) for record in client.log.records[before:]]


def calls(folder: Path, name: str) -> list[dict[str, Any]]:
    client = CollectorClient(folder)
    return [call for one in captured(name) for call in posted(client, one)]


def events(folder: Path, name: str) -> list[Event]:
    """What intake makes of it."""
    client, intake = CollectorClient(folder), Intake(Plan("shop", "digest"))
    for one in captured(name):
        posted(client, one)
    taken = [found for record in client.log.records for found in intake.accept(record.value, record.received)]
    assert all(isinstance(one, Event) for one in taken), taken
    return [one for one in taken if isinstance(one, Event)]


@pytest.mark.parametrize("name", CLIENTS)
def test_every_client_is_answered_200_and_understood(tmp_path: Path, name: str) -> None:
    found = events(tmp_path, name)
    assert found or all(one.method == "OPTIONS" for one in captured(name))
    assert all(not one.message_id.startswith("derived-") for one in found), "each SDK names its messages"


@pytest.mark.parametrize(
    "name", ["segment_python", "segment_python_gzip", "segment_node", "rudder_python", "rudder_node"]
)
def test_server_sdks_send_what_they_were_told(tmp_path: Path, name: str) -> None:
    found = calls(tmp_path, name)
    assert [call["type"] for call in found][:2] == ["page", "track"]
    assert {"identify", "track"} <= {call["type"] for call in found}
    order = next(call for call in found if call.get("event") == "Order Completed")
    assert (order["properties"]["order_id"], order["properties"]["revenue"]) == ("O1", 119.8)
    assert all("sentAt" in call and "writeKey" not in call for call in found)


def test_a_visit_stays_on_one_partition_through_the_login(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    for one in captured("browser_ajs"):
        posted(client, one)
    assert len({record.key for record in client.log.records}) == 1
    assert {json.loads(record.value)["anonymousId"].encode() for record in client.log.records} == {
        client.log.records[0].key
    }
    assert {record.received for record in client.log.records} == {int(RECEIVED * 1000)}


@pytest.mark.parametrize("name", ["browser_sp", "snowplow_python_post", "snowplow_python_get"])
def test_snowplow_commerce_becomes_the_standard_events(tmp_path: Path, name: str) -> None:
    found = calls(tmp_path, name)
    named = {call["event"]: call["properties"] for call in found if call["type"] == "track"}
    assert named["Product Viewed"]["product_id"] == "P1"
    assert named["Product Added"] | {"cart_id": "C1", "price": 59.9, "quantity": 2} == named["Product Added"]
    assert named["Checkout Started"]["step"] == 1
    order = named["Order Completed"]
    assert (order["order_id"], order["total"], order["currency"]) == ("O1", 119.8, "EUR")
    assert order["products"][0]["product_id"] == "P1"
    assert found[0]["type"] == "page" and found[0]["userId"] == "u-1"
    assert not any("ip" in call["context"] for call in found)


def test_snowplow_refund_names_its_order_and_products(tmp_path: Path) -> None:
    refund = next(call for call in calls(tmp_path, "browser_sp") if call.get("event") == "Order Refunded")
    assert refund["properties"] | {"order_id": "O1", "total": 59.9, "currency": "EUR"} == refund["properties"]
    assert [line["product_id"] for line in refund["properties"]["products"]] == ["P1"]


def test_snowplow_transactions_of_its_first_kind(tmp_path: Path) -> None:
    found = calls(tmp_path, "snowplow_node")
    assert [call.get("event", call["type"]) for call in found] == ["page", "Product Added", "Order Completed"]
    assert found[2]["properties"] == {"order_id": "O1", "total": "119.8", "currency": "EUR"}


def test_posthog_persons_aliases_and_orders(tmp_path: Path) -> None:
    node = calls(tmp_path / "node", "posthog_node")
    assert [call["type"] for call in node] == ["track", "identify", "alias"]
    assert node[0]["event"] == "Order Completed" and node[0]["properties"] == {"order_id": "O1", "revenue": 119.8}
    assert node[1]["traits"] == {"email": "a@example.com"}
    assert (node[2]["userId"], node[2]["previousId"]) == ("u-1", "anon-1")
    python = calls(tmp_path / "python", "posthog_python")
    assert [call["type"] for call in python] == ["identify", "track", "identify", "alias"]
    assert python[0]["traits"] == {"plan": "gold"}


@pytest.mark.parametrize("name", ["browser_ajs", "browser_ajsbatch", "browser_rudder", "browser_sp"])
def test_browsers_are_told_that_they_may(tmp_path: Path, name: str) -> None:
    client = CollectorClient(tmp_path, ORIGINS="*")
    for one in captured(name):
        response = client.request(one.method, one.target, one.body, one.headers)
        assert response.status_code == 200
        assert response.headers["access-control-allow-origin"] == one.headers["origin"]
        if one.method == "OPTIONS":
            assert response.headers["access-control-allow-headers"] == one.headers["access-control-request-headers"]
