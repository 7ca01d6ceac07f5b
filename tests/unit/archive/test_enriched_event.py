"""Snowplow's enriched events: an action is the same event through the collector and through its archive."""

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.enriched_event import COLUMNS, NOT_ENRICHED
from pipeline.archive.source import SNOWPLOW
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import UNDECODABLE, Refusal
from pipeline.domain.value.instant import format_instant
from tests.support.archived import PLAN, described, enriched, events, taken, write
from tests.support.captured_request import CAPTURES, captured
from tests.support.collector_client import RECEIVED, CollectorClient

RECEIVED_MS = int(RECEIVED * 1000)
COLLECTED = format_instant(RECEIVED_MS).replace("T", " ").removesuffix("Z")

# What Enrich calls what the tracker protocol sends (docs.snowplow.io, "Tracker protocol"), apart from the adapter.
PROTOCOL = {
    "aid": "app_id", "p": "platform", "eid": "event_id", "tna": "name_tracker", "tv": "v_tracker", "uid": "user_id",
    "duid": "domain_userid", "vid": "domain_sessionidx", "sid": "domain_sessionid", "url": "page_url",
    "page": "page_title", "refr": "page_referrer", "ua": "useragent", "lang": "br_lang", "tz": "os_timezone",
    "cs": "doc_charset", "cd": "br_colordepth", "se_ca": "se_category", "se_ac": "se_action", "se_la": "se_label",
    "se_pr": "se_property", "se_va": "se_value", "tr_id": "tr_orderid", "tr_af": "tr_affiliation",
    "tr_tt": "tr_total", "tr_tx": "tr_tax", "tr_sh": "tr_shipping", "tr_cu": "tr_currency", "tr_ci": "tr_city",
    "tr_st": "tr_state", "tr_co": "tr_country", "ti_id": "ti_orderid", "ti_sk": "ti_sku", "ti_nm": "ti_name",
    "ti_ca": "ti_category", "ti_pr": "ti_price", "ti_qu": "ti_quantity", "ti_cu": "ti_currency",
}  # fmt: skip
EVENTS = {
    "pv": "page_view", "pp": "page_ping", "se": "struct", "ue": "unstruct", "tr": "transaction",
    "ti": "transaction_item",
}  # fmt: skip
TIMES = {"dtm": "dvce_created_tstamp", "stm": "dvce_sent_tstamp", "ttm": "true_tstamp"}


def archived(sent: dict[str, str]) -> bytes:
    """What Enrich would write of an event of the tracker protocol, without the network's user id."""
    columns: dict[str, Any] = {"event": EVENTS[sent["e"]], "collector_tstamp": COLLECTED, "v_collector": "ssc-2.8.2"}
    columns |= {PROTOCOL[name]: value for name, value in sent.items() if name in PROTOCOL}
    for name, column in TIMES.items():
        if name in sent:
            columns[column] = format_instant(int(sent[name])).replace("T", " ").removesuffix("Z")
    for column, plain, coded in (("unstruct_event", "ue_pr", "ue_px"), ("contexts", "co", "cx")):
        if coded in sent:
            columns[column] = base64.urlsafe_b64decode(sent[coded] + "==").decode()
        elif plain in sent:
            columns[column] = sent[plain]
    return enriched(**columns)


def of_collector(folder: Path, client: str) -> tuple[list[Event], list[dict[str, str]]]:
    """What the collector makes of what a tracker sent, and the events that it sent."""
    collector, intake, sent = CollectorClient(folder), Intake(PLAN), list[dict[str, str]]()
    for request in captured(client):
        collector.request(request.method, request.target, request.body, request.headers)
        if request.method == "POST":
            sent += json.loads(request.body)["data"]
        elif request.method == "GET":
            sent.append(request.query)
    found = [one for record in collector.log.records for one in intake.accept(record.value, RECEIVED_MS)]
    assert found and all(isinstance(one, Event) for one in found)
    return [one for one in found if isinstance(one, Event)], sent


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")
@pytest.mark.parametrize("client", ["browser_sp", "snowplow_node", "snowplow_python_post", "snowplow_python_get"])
def test_an_action_is_the_same_event_through_the_collector_and_through_the_archive(tmp_path: Path, client: str) -> None:
    wanted, sent = of_collector(tmp_path, client)
    rows = write(tmp_path / "enriched.tsv.gz", map(archived, sent))
    found = events(rows, SNOWPLOW)
    assert sorted(found, key=lambda one: one.message_id) == sorted(wanted, key=lambda one: one.message_id)
    assert all(one.received == RECEIVED_MS for one in found)


def test_there_are_as_many_columns_as_documented() -> None:
    assert len(COLUMNS) == len(set(COLUMNS)) == 131


def row(**columns: Any) -> bytes:
    given = {"event": "page_view", "event_id": "e-1", "domain_userid": "d-1", "collector_tstamp": COLLECTED}
    return enriched(**{**given, **columns})


def test_products_of_one_action_are_events_of_their_own(tmp_path: Path) -> None:
    action = described("snowplow_ecommerce_action", {"type": "add_to_cart"})
    products = [described("product", {"id": f"P{number}", "price": 5, "currency": "EUR"}) for number in (1, 2)]
    line = row(
        event="unstruct", unstruct_event=described("unstruct_event", action), contexts=described("contexts", products)
    )
    found = events(write(tmp_path / "rows", [line]), SNOWPLOW)
    assert [(one.name, one.message_id) for one in found] == [("Product Added", "e-1"), ("Product Added", "e-1:1")]
    assert [decode_object(one.properties)["product_id"] for one in found] == ["P1", "P2"]


def test_a_client_with_a_wrong_clock_is_corrected_as_the_collector_would(tmp_path: Path) -> None:
    clocks = {"dvce_created_tstamp": "2031-01-01 00:00:00.000", "dvce_sent_tstamp": "2031-01-01 00:00:04.500"}
    (event,) = events(write(tmp_path / "rows", [row(**clocks)]), SNOWPLOW)
    assert event.time == RECEIVED_MS - 4_500


APP = described("client_session", {"userId": "i-1"})


@pytest.mark.parametrize(
    "columns, shopper",
    [
        ({"user_id": "u-1", "network_userid": "n-1", "domain_userid": ""}, "u-1"),
        ({"network_userid": "n-1"}, "d-1"),
        ({"network_userid": "n-1", "domain_userid": ""}, "n-1"),
        ({"contexts": described("contexts", [APP]), "domain_userid": "", "network_userid": "n-1"}, "i-1"),
    ],
)
def test_who_it_is(tmp_path: Path, columns: dict[str, Any], shopper: str) -> None:
    (event,) = events(write(tmp_path / "rows", [row(**columns)]), SNOWPLOW)
    assert event.shopper == shopper


def test_the_address_is_not_kept(tmp_path: Path) -> None:
    (found,) = [*taken(write(tmp_path / "rows", [row(user_ipaddress="203.0.113.7")]), SNOWPLOW)]
    assert "203.0.113.7" not in repr(found)


@pytest.mark.parametrize("between", [0, 3, 998])
@pytest.mark.parametrize("first", ["transaction", "items"])
def test_items_join_their_transaction_wherever_they_stand_near_it(tmp_path: Path, between: int, first: str) -> None:
    order = row(event="transaction", event_id="o", tr_orderid="O1", tr_total=70, tr_currency="EUR")
    item = {"event": "transaction_item", "ti_orderid": "O1", "ti_price": 35, "ti_quantity": 1}
    lines = [row(event_id=f"i{number}", ti_sku=f"S{number}", **item) for number in (1, 2)]
    others = [row(event_id=f"p{number}") for number in range(between)]
    rows = [order, *others, *lines] if first == "transaction" else [*lines, *others, order]
    found = [one for one in events(write(tmp_path / "rows", rows), SNOWPLOW) if one.type == "track"]
    assert [one.name for one in found] == ["Order Completed"]
    assert [line["sku"] for line in decode_object(found[0].properties)["products"]] == ["S1", "S2"]


def test_items_without_their_transaction_stand_alone(tmp_path: Path) -> None:
    line = row(event="transaction_item", ti_orderid="O1", ti_sku="S1", ti_price=35, ti_quantity=1)
    assert [one.name for one in events(write(tmp_path / "rows", [line]), SNOWPLOW)] == ["Transaction Item"]


@pytest.mark.parametrize(
    "line, reason",
    [
        (b"a\tb\tc", NOT_ENRICHED),
        (row(collector_tstamp="yesterday"), NOT_ENRICHED),
        (row(event="parade"), NOT_ENRICHED),
        (row(page_url="x").replace(b"e-1", b"\xff\xfe"), UNDECODABLE),
    ],
)
def test_rows_that_are_none_are_refused_and_their_neighbours_taken(tmp_path: Path, line: bytes, reason: str) -> None:
    found = taken(write(tmp_path / "rows", [row(event_id="before"), line, row(event_id="after")]), SNOWPLOW)
    assert [one.reason for one in found if isinstance(one, Refusal)] == [reason]
    assert [one.message_id for one in found if isinstance(one, Event)] == ["before", "after"]
