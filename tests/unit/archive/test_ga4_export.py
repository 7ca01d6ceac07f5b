"""GA4's export to BigQuery: an action is the same event through gtag.js and through its row."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from pipeline.archive.ga4_export import NOT_EXPORTED
from pipeline.archive.source import GA4
from pipeline.domain.consent_definition import ConsentDefinition
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from tests.support.archived import events, items, taken, write
from tests.support.collector_client import RECEIVED, CollectorClient

RECEIVED_MS = int(RECEIVED * 1000)
PAGE = "https://shop.example/p/1?utm_source=news&utm_campaign=jan"
PLAN = Plan("shop", "digest", consent=ConsentDefinition(categories={"Advertising": "marketing"}))
HIT = {
    "v": "2", "tid": "G-SHOP1", "cid": "81.42", "uid": "u-1", "ul": "de-de", "sid": "1795999000", "gcs": "G110",
    "dl": PAGE, "dr": "https://mail.example/", "dt": "Runner",
}  # fmt: skip


def value(told: Any) -> dict[str, Any]:
    """A parameter's value as BigQuery writes JSON: whole numbers are texts, and what is none is left out."""
    if isinstance(told, str):
        return {"string_value": told}
    return {"int_value": str(told)} if isinstance(told, int) else {"double_value": told}


def row(name: str, params: dict[str, Any], **columns: Any) -> dict[str, Any]:
    """A row of `events_20261130`."""
    shared = {
        "page_location": PAGE, "page_referrer": "https://mail.example/", "page_title": "Runner",
        "ga_session_id": 1795999000, "ga_session_number": 3, "session_engaged": "1",
    }  # fmt: skip
    return {
        "event_date": "20261130",
        "event_timestamp": str(RECEIVED_MS * 1000 + 417),
        "event_name": name,
        "event_params": [{"key": key, "value": value(told)} for key, told in {**shared, **params}.items()],
        "event_bundle_sequence_id": "12",
        "user_id": "u-1",
        "user_pseudo_id": "81.42",
        "privacy_info": {"analytics_storage": "Yes", "ads_storage": "Yes", "uses_transient_token": "No"},
        "user_properties": [],
        "device": {"category": "mobile", "language": "de-de", "web_info": {"browser": "Chrome"}},
        "geo": {"country": "Germany"},
        "stream_id": "99",
        "platform": "WEB",
        "items": [],
        **columns,
    }


def item(**told: Any) -> dict[str, Any]:
    """An item, with what Google adds."""
    return {
        "item_brand": "(not set)", "item_variant": "(not set)", "coupon": "(not set)", "price_in_usd": 64.1,
        "promotion_id": "(not set)", "item_params": [], **told,
    }  # fmt: skip


def of_collector(folder: Path, name: str, hit: dict[str, str]) -> list[Event]:
    client, intake = CollectorClient(folder, WRITE_KEYS="G-SHOP1"), Intake(PLAN)
    client.request("POST", f"/g/collect?{urlencode({**HIT, 'en': name, **hit})}", b"", {})
    found = [one for record in client.log.records for one in intake.accept(record.value, RECEIVED_MS)]
    assert found and all(isinstance(one, Event) for one in found), found
    return [one for one in found if isinstance(one, Event)]


RUNNER = item(item_id="P1", item_name="Runner", price=59.9, quantity="2")
SOCKS = item(item_id="P2", item_name="Socks", price=5, quantity="1")
CASES: dict[str, tuple[dict[str, str], dict[str, Any], dict[str, Any]]] = {
    "page_view": ({}, {}, {}),
    "view_item": (
        {"cu": "EUR", "epn.value": "59.9", "pr1": "idP1~nmRunner~pr59.9~qt2"},
        {"currency": "EUR", "value": 59.9},
        {"items": [RUNNER]},
    ),
    "add_to_cart": (
        {"cu": "EUR", "pr1": "idP1~nmRunner~pr59.9~qt2", "pr2": "idP2~nmSocks~pr5~qt1"},
        {"currency": "EUR"},
        {"items": [RUNNER, SOCKS]},
    ),
    "purchase": (
        {
            "cu": "EUR", "epn.value": "124.8", "ep.transaction_id": "O1", "epn.tax": "9.9", "epn.shipping": "4.9",
            "pr1": "idP1~nmRunner~pr59.9~qt2", "pr2": "idP2~nmSocks~pr5~qt1",
        },
        {"currency": "EUR"},
        {
            "items": [RUNNER, SOCKS],
            "ecommerce": {
                "transaction_id": "O1", "purchase_revenue": 124.8, "purchase_revenue_in_usd": 131.2, "tax_value": 9.9,
                "shipping_value": 4.9, "total_item_quantity": "3", "unique_items": "2",
            },
        },
    ),
    "refund": (
        {"cu": "EUR", "epn.value": "5", "ep.transaction_id": "O1"},
        {"currency": "EUR"},
        {"ecommerce": {"transaction_id": "O1", "refund_value": 5}},
    ),
    "search": ({"ep.search_term": "socks"}, {"search_term": "socks"}, {}),
    "ring_the_bell": ({"ep.tone": "high", "epn.times": "3"}, {"tone": "high", "times": 3}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_an_action_is_the_same_event_through_gtag_and_through_the_export(tmp_path: Path, name: str) -> None:
    hit, params, columns = CASES[name]
    wanted = of_collector(tmp_path, name, hit)
    found = events(write(tmp_path / "events.json.gz", [row(name, params, **columns)]), GA4, PLAN)
    assert [told(one) for one in found] == [told(one) for one in wanted]


def told(event: Event) -> tuple[Any, ...]:
    """All of an event but its message id and fingerprint: gtag.js names no messages. A session id is a number to one
    and text to the other."""
    properties = decode_object(event.properties)
    properties["session_id"] = str(properties.get("session_id"))
    return (
        event.type, event.name, event.shopper, event.time, event.received, properties, event.consents, event.timezone,
        event.anonymous,
    )  # fmt: skip


def test_an_event_is_as_old_as_it_says_and_a_row_exported_again_is_the_same_message(tmp_path: Path) -> None:
    first = row("view_item", {}, items=[RUNNER])
    again = {**first, "event_previous_timestamp": "1", "traffic_source": {"source": "news"}}
    another = {**first, "event_timestamp": str(RECEIVED_MS * 1000 + 418)}
    found = events(write(tmp_path / "events.json", [first, again, another]), GA4)
    assert [one.time for one in found] == [RECEIVED_MS] * 3
    assert found[0].message_id == found[1].message_id != found[2].message_id
    assert not any(one.message_id.startswith("derived-") for one in found)


def test_events_that_one_row_comes_to_are_messages_of_their_own(tmp_path: Path) -> None:
    found = events(write(tmp_path / "events.json", [row("add_to_cart", {}, items=[RUNNER, SOCKS])]), GA4)
    assert [one.name for one in found] == ["Product Added"] * 2
    assert len({one.message_id for one in found}) == 2


def test_user_properties_are_traits_when_they_are_set_and_not_each_time_they_are_told(tmp_path: Path) -> None:
    def set_at(micros: int) -> list[dict[str, Any]]:
        plan = {"string_value": "gold", "set_timestamp_micros": str(micros)}
        return [{"key": "plan", "value": plan}]

    micros = RECEIVED_MS * 1000 + 417
    lines = [row("page_view", {}, user_properties=set_at(at)) for at in (micros, micros - 1_000_000)]
    found = events(write(tmp_path / "events.json", lines), GA4)
    assert [one.type for one in found] == ["identify", "page", "page"]
    assert decode_object(found[0].traits) == {"plan": "gold"}


def test_where_a_visit_came_from(tmp_path: Path) -> None:
    collected = {"manual_source": "partner", "manual_medium": "(not set)", "manual_campaign_name": "spring"}
    line = row("page_view", {}, collected_traffic_source=collected)
    (one,) = items(write(tmp_path / "events.json", [line]), GA4)
    assert isinstance(one.value, bytes)
    assert json.loads(one.value)["context"]["campaign"] == {"source": "partner", "name": "spring"}


@pytest.mark.parametrize(
    "line",
    [
        {"event_name": "page_view"},
        {"event_timestamp": "1796000000000000"},
        {"event_name": "page_view", "event_timestamp": "soon"},
        {"event_name": 5, "event_timestamp": 1796000000000000},
    ],
)
def test_rows_that_are_none(tmp_path: Path, line: dict[str, Any]) -> None:
    (refused,) = taken(write(tmp_path / "events.json", [line]), GA4)
    assert isinstance(refused, Refusal) and refused.reason == NOT_EXPORTED


@pytest.mark.parametrize("column", ["event_params", "items", "ecommerce", "privacy_info", "device", "user_properties"])
@pytest.mark.parametrize("odd", [None, 5, "x", [5], {"x": []}, [{"key": 1, "value": 2}], [{"key": "k", "value": {}}]])
def test_columns_of_another_shape_count_for_nothing(tmp_path: Path, column: str, odd: Any) -> None:
    (event,) = events(write(tmp_path / "events.json", [{**row("page_view", {}), column: odd}]), GA4)
    assert event.shopper == "u-1"
