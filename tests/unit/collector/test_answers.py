"""What is refused, how clients are told, and what never goes onto the log."""

import asyncio
import base64
import gzip
import json
from pathlib import Path
from typing import Any

import httpx2
import pytest

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from tests.support.collector_client import CollectorClient

KEY = {"authorization": "Basic " + base64.b64encode(b"wk_test:").decode()}
CALL = {"type": "track", "event": "Product Viewed", "userId": "u-1", "messageId": "m-1"}


def encoded(**fields: Any) -> bytes:
    return json.dumps(CALL | fields).encode()


def logged(client: CollectorClient) -> list[dict[str, Any]]:
    return [json.loads(record.value) for record in client.log.records]


@pytest.mark.parametrize(
    ("body", "headers", "code"),
    [
        (b"{", KEY, "invalid_json"),
        (b'{"a":NaN}', KEY, "invalid_json"),
        (b'{"a":1e400}', KEY, "invalid_json"),
        (b'{"a":"\xff"}', KEY, "invalid_json"),
        (b'{"a":"\\ud800"}', KEY, "invalid_json"),
        (b"[" * 100_000, KEY, "invalid_json"),
        (b'{"a":' * 60_000, KEY, "too_deep"),
        (b'{"a":' * 2_000 + b"1" + b"}" * 2_000, KEY, "too_deep"),
        (b"[]", KEY, "invalid_json"),
        (b"", KEY, "invalid_json"),
        (encoded(properties={"a": "x" * 33_000}), KEY, "too_large"),
        (b" " * 600_000, KEY, "too_large"),
        (gzip.compress(b" " * 100_000_000), KEY, "too_large"),
        (gzip.compress(encoded())[:-9], KEY, "invalid_compression"),
        (b"\x1f\x8bnonsense", KEY, "invalid_compression"),
        (encoded(), KEY | {"content-encoding": "br"}, "unknown_encoding"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_bodies_that_cannot_be_read_are_400_with_code_and_message(
    tmp_path: Path, body: bytes, headers: dict[str, str], code: str
) -> None:
    client = CollectorClient(tmp_path)
    response = client.request("POST", "/v1/track", body, headers)
    assert response.status_code == 400
    assert set(response.json()) == {"code", "message"} and response.json()["code"] == code
    assert client.log.records == [] and client.in_flight.used == 0


@pytest.mark.parametrize("headers", [{}, {"authorization": "Basic !"}, {"authorization": "Basic eDo="}])
def test_unknown_write_keys_are_401(tmp_path: Path, headers: dict[str, str]) -> None:
    client = CollectorClient(tmp_path)
    assert client.request("POST", "/v1/track", encoded(), headers).status_code == 401
    assert client.request("POST", "/v1/track", encoded(writeKey="wk_test")).status_code == 200
    assert "writeKey" not in logged(client)[0]


def test_the_type_may_be_left_to_the_path_and_content_types_say_nothing(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    body = json.dumps({"userId": "u-1", "traits": {}}).encode()
    for path in ("/v1/identify", "/v1/i"):
        headers = KEY | {"content-type": "application/x-www-form-urlencoded"}
        assert client.request("POST", path, gzip.compress(body), headers).status_code == 200
    assert [call["type"] for call in logged(client)] == ["identify", "identify"]
    assert [call["messageId"] for call in logged(client)] == ["fresh-0", "fresh-1"]


def test_a_batch_is_taken_whole_and_bad_items_are_left_to_intake(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    big = CALL | {"properties": {"a": "x" * 33_000}}
    batch = {
        "batch": [CALL, 7, {"type": "nonsense"}, big],
        "sentAt": "2026-01-03T10:00:00Z",
        "context": {"a": {"b": 1}},
    }
    assert client.request("POST", "/v1/batch", json.dumps(batch).encode(), KEY).status_code == 200
    first, *others = logged(client)
    assert first == CALL | {"sentAt": batch["sentAt"], "context": {"a": {"b": 1}}}
    assert others[0] is None and others[1]["type"] == "nonsense" and len(others) == 2


def test_a_call_that_is_too_deep_is_left_to_intake_and_takes_no_other_with_it(tmp_path: Path) -> None:
    client, intake = CollectorClient(tmp_path), Intake(Plan("shop", "digest"))
    deep = b'{"userId":"u-1","event":"A","properties":' + b'{"a":' * 400 + b"1" + b"}" * 401
    body = b'{"batch":[' + deep + b"," + encoded() + b"]}"
    assert client.request("POST", "/v1/batch", body, KEY).status_code == 200
    taken = [found for record in client.log.records for found in intake.accept(record.value, record.received)]
    assert [type(each) for each in taken] == [Refusal, Event] and taken[0].reason == "too_deep"


def test_addresses_are_stored_only_if_asked(tmp_path: Path) -> None:
    body = encoded(context={"ip": "203.0.113.5", "locale": "de"})
    silent, asked = CollectorClient(tmp_path / "a"), CollectorClient(tmp_path / "b", STORE_ADDRESS="yes")
    for client in (silent, asked):
        client.request("POST", "/v1/track", body, KEY)
        client.request("POST", "/v1/track", encoded(), KEY)
    assert b"203.0.113" not in b"".join(record.value for record in silent.log.records)
    assert [call["context"]["ip"] for call in logged(asked)] == ["203.0.113.5", "203.0.113.9"]


def test_pages_elsewhere_are_not_told_that_they_may(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    asks = {"access-control-request-method": "POST", "access-control-request-headers": "authorization,rsa-new"}
    known = client.request("OPTIONS", "/v1/t", headers=asks | {"origin": "https://shop.example"})
    assert known.headers["access-control-allow-headers"] == "authorization,rsa-new"
    assert known.headers["access-control-allow-credentials"] == "true"
    other = client.request("OPTIONS", "/v1/t", headers=asks | {"origin": "https://other.example"})
    assert other.status_code == 200 and "access-control-allow-origin" not in other.headers


def test_too_much_under_way_is_429_with_a_time_to_wait(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path, IN_FLIGHT_MIB="1")
    client.in_flight.take(1024 * 1024 - 100)
    response = client.request("POST", "/v1/track", encoded(), KEY)
    assert (response.status_code, response.headers["retry-after"]) == (429, "2")
    client.in_flight.give_back(1024 * 1024 - 100)
    assert client.request("POST", "/v1/track", encoded(), KEY).status_code == 200
    assert client.in_flight.used == 0


def test_while_the_broker_is_away_records_are_kept_on_disk_in_order_until_it_is_full(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path, away=True, SPOOL_MIB="1")

    async def ask(http: httpx2.AsyncClient) -> list[int]:
        statuses = []
        for number in range(60):
            body = encoded(messageId=f"m-{number}", properties={"a": "x" * 30_000})
            statuses.append((await http.post("/v1/track", content=body, headers=KEY)).status_code)
        return statuses

    statuses = client.run(ask)
    kept = statuses.count(200)
    assert statuses == [200] * kept + [503] * (60 - kept) and 30 < kept < 40
    client.log.away = False
    client.delivery.start()
    asyncio.run(_until_empty(client))
    client.delivery.stop()
    assert [call["messageId"] for call in logged(client)] == [f"m-{number}" for number in range(kept)]


async def _until_empty(client: CollectorClient) -> None:
    async with asyncio.timeout(10):
        while client.delivery.spooling:
            await asyncio.sleep(0.02)


def test_measurement_protocol(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    item = {"item_id": "P1", "item_name": "Runner", "price": 59.9, "quantity": 2}
    body = {
        "client_id": "c.1",
        "user_id": "u-1",
        "timestamp_micros": 1_795_327_638_278_000,
        "user_properties": {"plan": {"value": "gold"}},
        "events": [
            {"name": "add_to_cart", "params": {"currency": "EUR", "value": 119.8, "items": [item]}},
            {
                "name": "purchase",
                "params": {"transaction_id": "O1", "value": 119.8, "currency": "EUR", "items": [item]},
            },
        ],
    }
    target = "/mp/collect?measurement_id=G-1&api_secret=wk_test"
    assert client.request("POST", target, json.dumps(body).encode()).status_code == 200
    identify, added, order = logged(client)
    assert identify["traits"] == {"plan": "gold"} and identify["timestamp"] == "2026-11-22T06:07:18.278Z"
    assert added["event"] == "Product Added" and added["properties"]["product_id"] == "P1"
    assert order["event"] == "Order Completed" and order["properties"]["order_id"] == "O1"
    assert order["properties"]["total"] == 119.8 and order["properties"]["products"][0]["product_id"] == "P1"
