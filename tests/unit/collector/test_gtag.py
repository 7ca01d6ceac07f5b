"""gtag.js: hits in the query or in lines of the body, items in their own notation."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from tests.support.collector_client import RECEIVED, CollectorClient

PAGE = "https://shop.example/p/1?utm_source=news&utm_campaign=jan"
SHARED = {
    "v": "2", "tid": "G-SHOP1", "gtm": "45je5", "_p": "1796000000000", "cid": "81.42", "ul": "de-de", "sr": "1920x1080",
    "_s": "1", "sid": "1795999000", "sct": "1", "seg": "1", "dl": PAGE, "dr": "https://mail.example/", "dt": "Runner",
}  # fmt: skip
ITEM = "idP1~nmTrail ~~ Runner~brACME~caShoes~vared~pr59.9~qt2~lp1~k0size~v042"


def taken(folder: Path, query: dict[str, str], body: str = "", method: str = "POST") -> list[dict[str, Any]]:
    client = CollectorClient(folder, WRITE_KEYS="G-SHOP1")
    response = client.request(method, f"/g/collect?{urlencode(query)}", body.encode(), {"content-type": "text/plain"})
    assert response.status_code == 200, response.text
    calls = [json.loads(record.value) for record in client.log.records]
    intake = Intake(Plan("shop", "digest"))
    found = [one for record in client.log.records for one in intake.accept(record.value, int(RECEIVED * 1000))]
    assert found and all(isinstance(one, Event) for one in found), found
    return calls


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_hit_in_the_query(tmp_path: Path, method: str) -> None:
    (page,) = taken(tmp_path, SHARED | {"en": "page_view", "uid": "u-1"}, method=method)
    assert (page["type"], page["anonymousId"], page["userId"]) == ("page", "81.42", "u-1")
    assert page["properties"] == {
        "url": PAGE, "referrer": "https://mail.example/", "title": "Runner", "session_id": "1795999000",
    }  # fmt: skip
    assert page["context"]["campaign"] == {"source": "news", "name": "jan"}
    assert page["context"]["page"]["path"] == "/p/1" and page["context"]["sessionId"] == "1795999000"


def test_hits_in_lines_share_the_query(tmp_path: Path) -> None:
    lines = [
        {"en": "view_item", "cu": "EUR", "epn.value": "59.9", "pr1": ITEM},
        {"en": "add_to_cart", "cu": "EUR", "pr1": ITEM, "pr2": "idP2~pr5~qt1", "dl": "https://shop.example/cart"},
        {"en": "purchase", "cu": "EUR", "epn.value": "124.8", "ep.transaction_id": "O1", "pr1": ITEM},
    ]
    calls = taken(tmp_path, SHARED, "\r\n".join(urlencode(line, quote_via=quote) for line in lines))
    assert [call["event"] for call in calls] == [
        "Product Viewed", "Product Added", "Product Added", "Order Completed",
    ]  # fmt: skip
    viewed, first, second, order = (call["properties"] for call in calls)
    assert viewed | {
        "product_id": "P1", "name": "Trail ~ Runner", "brand": "ACME", "category": "Shoes", "variant": "red",
        "price": 59.9, "quantity": 2, "position": 1, "size": "42", "currency": "EUR", "value": 59.9,
    } == viewed  # fmt: skip
    assert (first["product_id"], second["product_id"]) == ("P1", "P2")
    assert calls[1]["context"]["page"]["url"] == "https://shop.example/cart"
    assert (order["order_id"], order["total"], order["products"][0]["product_id"]) == ("O1", 124.8, "P1")
    assert len({call["messageId"] for call in calls}) == 4, "equal hits are several events"


def test_user_properties_and_consent(tmp_path: Path) -> None:
    told = {"en": "scroll", "up.plan": "gold", "upn.age": "33", "gcs": "G101"}
    identify, track = taken(tmp_path, SHARED | told)
    assert (identify["type"], identify["traits"]) == ("identify", {"plan": "gold", "age": 33})
    assert track["context"]["consent"] == {"categoryPreferences": {"Advertising": False, "Analytics": True}}


@pytest.mark.parametrize(
    ("query", "body", "status"),
    [
        ({"tid": "G-SHOP1"}, "", 400),
        ({"tid": "G-OTHER", "en": "page_view"}, "", 401),
        ({"en": "page_view"}, "", 401),
        ({"tid": "G-SHOP1"}, "en=page_view&tid=G-OTHER\r\nen=scroll", 400),
        ({"tid": "G-SHOP1"}, "en=a&" + "&".join(f"a{number}=1" for number in range(600)), 400),
    ],
)
def test_what_is_refused(tmp_path: Path, query: dict[str, str], body: str, status: int) -> None:
    client = CollectorClient(tmp_path, WRITE_KEYS="G-SHOP1")
    assert client.request("POST", f"/g/collect?{urlencode(query)}", body.encode()).status_code == status
    assert client.log.records == []
