"""The forms of posthog-js: lists, forms of base64, gzip by its first bytes, and what it asks before it sends."""

import base64
import gzip
import json
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import pytest

from tests.support.collector_client import CollectorClient

EVENT = {
    "event": "$pageview",
    "uuid": "0198-a",
    "timestamp": "2026-11-30T00:53:19.000Z",
    "properties": {
        "token": "phc_test", "distinct_id": "d-1", "$device_id": "d-1", "$lib": "web",
        "$current_url": "https://shop.example/", "$session_id": "s-1",
    },
}  # fmt: skip


def base64_form(value: Any) -> bytes:
    return urlencode({"data": base64.b64encode(json.dumps(value).encode()).decode()}).encode()


@pytest.mark.parametrize(
    ("target", "body"),
    [
        ("/e/?ip=0&_=1796000000000&ver=1.96.1", base64_form([EVENT])),
        ("/e/?compression=base64", base64_form(EVENT)),
        ("/e/?compression=base64", base64.b64encode(json.dumps(EVENT).encode()).join([b"data=", b""])),
        ("/e/?ip=0", urlencode({"data": json.dumps(EVENT)}).encode()),
        ("/e/?compression=gzip-js", gzip.compress(json.dumps([EVENT]).encode(), mtime=0)),
        ("/i/v0/e/", gzip.compress(json.dumps({"api_key": "phc_test", "batch": [EVENT]}).encode())),
        ("/batch/", b"\n " + json.dumps({"api_key": "phc_test", "batch": [EVENT]}).encode()),
    ],
)
def test_all_forms_come_to_the_same_call(tmp_path: Path, target: str, body: bytes) -> None:
    client = CollectorClient(tmp_path)
    response = client.request("POST", target, body, {"content-type": "text/plain"})
    assert (response.status_code, response.json()) == (200, {"status": 1})
    (record,) = client.log.records
    call = json.loads(record.value)
    assert (call["type"], call["anonymousId"], call["messageId"]) == ("page", "d-1", "0198-a")
    assert "userId" not in call and record.key == b"d-1"
    assert call["properties"]["url"] == "https://shop.example/" and call["context"]["sessionId"] == "s-1"


def test_an_offset_counts_back_from_the_sending(tmp_path: Path) -> None:
    client = CollectorClient(tmp_path)
    old = {name: value for name, value in EVENT.items() if name != "timestamp"} | {"offset": 4_000}
    assert client.request("POST", "/e/?_=1796000000000", base64_form([old])).status_code == 200
    call = json.loads(client.log.records[0].value)
    assert (call["timestamp"], call["sentAt"]) == ("2026-11-30T00:53:16.000Z", "2026-11-30T00:53:20.000Z")


@pytest.mark.parametrize("body", [b"", b"data=", b"data=%7B", b"data=!!", b"\xff\xfe", b"7", b"&" * 40])
def test_forms_that_are_none(tmp_path: Path, body: bytes) -> None:
    client = CollectorClient(tmp_path)
    assert client.request("POST", "/e/", body).status_code == 400
    assert client.log.records == []


@pytest.mark.parametrize("target", ["/flags/?v=2&ip=0", "/decide/?v=3", "/array/phc_test/config"])
def test_sdks_are_told_that_there_are_no_flags(tmp_path: Path, target: str) -> None:
    client = CollectorClient(tmp_path)
    method = "GET" if "array" in target else "POST"
    response = client.request(method, target, b'{"token":"phc_test"}', {"origin": "https://shop.example"})
    assert response.status_code == 200 and response.headers["access-control-allow-origin"] == "https://shop.example"
    told = response.json()
    assert (told["flags"], told["featureFlags"], told["sessionRecording"]) == ({}, {}, False)
    assert told["autocapture_opt_out"] is True
