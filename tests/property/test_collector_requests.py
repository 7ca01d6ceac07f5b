"""Any request at all: answered as it should be, nothing held afterwards, and what is valid not lost to the rest."""

import base64
import gzip
import json
import tempfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.collector.format import PATHS
from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake
from tests.support.collector_client import CollectorClient

FIELDS = (
    "type", "event", "userId", "anonymousId", "previousId", "messageId", "timestamp", "sentAt", "context", "traits",
    "properties", "batch", "writeKey", "data", "e", "aid", "ue_pr", "ue_px", "co", "tr_id", "ti_id", "dtm", "url",
    "uid", "api_key", "distinct_id", "$set", "offset", "uuid", "events", "name", "params", "items", "client_id",
    "products", "timestamp_micros", "user_properties", "tid", "en", "pr1", "epn.value", "page", "campaign", "consent",
    "ip",
)  # fmt: skip
TEXTS = st.one_of(
    st.sampled_from(("track", "identify", "ue", "tr", "ti", "pv", "purchase", "$identify", "$create_alias", "http://[",
                     "1795327638278", "2026-01-03T10:00:00Z", "P1~nm~~x~k0a", '{"schema":"a/b/c/d","data":[]}')),
    st.text(max_size=20),
)  # fmt: skip
LEAVES = st.one_of(
    st.none(), st.booleans(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), TEXTS,
    st.sampled_from((10**30, -(10**400), 1e308, "\u0000", "ä" * 600)),
)  # fmt: skip
JSON = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4) | st.dictionaries(st.sampled_from(FIELDS) | st.text(max_size=5), inner, max_size=5)
    ),
    max_leaves=25,
)
OBJECTS = st.dictionaries(st.sampled_from(FIELDS), JSON, max_size=6)
WRITTEN = (OBJECTS | JSON).map(lambda value: json.dumps(value).encode())
# What no encoder of JSON would write.
ODD = st.sampled_from(
    (
        b'{"a":NaN}', b'{"a":1e400}', b'{"a":-Infinity}', b'{"a":"\\ud800"}', b'{"a":"\xed\xa0\x80"}', b'{"a":"\xff"}',
        b'{"userId":"a","userId":"b","event":"E"}', b"[" * 5_000, b'{"a":' * 300 + b"1" + b"}" * 300, b"\xef\xbb\xbf{}",
        b'{"batch":[' + b"[" * 200 + b"]" * 200 + b"]}", b'{"a":' + b"1" * 5_000 + b"}", b"\x00", b"null", b"data=%00",
    )
)  # fmt: skip
BODIES = st.one_of(WRITTEN, WRITTEN, ODD, st.binary(max_size=200))
WRAPPED = st.one_of(
    BODIES,
    BODIES.map(gzip.compress),
    BODIES.map(lambda body: gzip.compress(body)[:-3]),
    BODIES.map(zlib.compress),
    BODIES.map(lambda body: urlencode({"data": base64.b64encode(body)}).encode()),
    BODIES.map(lambda body: b"\r\n".join(quote(line).encode() for line in body.decode(errors="replace").split(","))),
)
HEADERS = st.dictionaries(
    st.sampled_from(("content-encoding", "content-type", "authorization", "anonymousid", "sentat", "origin")),
    st.sampled_from(
        ("gzip", "deflate", "br", "Basic d2tfdGVzdDo=", "Basic =", "", "https://shop.example", "YS0x", "x")
    ),
    max_size=4,
)
QUERIES = st.dictionaries(st.sampled_from(FIELDS), TEXTS, max_size=4).map(urlencode)


@pytest.fixture(scope="module")
def client() -> Iterator[CollectorClient]:
    with tempfile.TemporaryDirectory() as folder:
        yield CollectorClient(Path(folder), WRITE_KEYS="*")


@settings(max_examples=400, deadline=None)
@given(
    st.sampled_from(("GET", "POST", "OPTIONS", "HEAD", "PUT")),
    st.sampled_from((*sorted(PATHS), "/flags/", "/health", "/nowhere")),
    QUERIES,
    HEADERS,
    WRAPPED,
)
def test_any_request(
    client: CollectorClient, method: str, path: str, query: str, headers: dict[str, str], body: bytes
) -> None:
    client.log.records.clear()
    response = client.request(method, f"{path}?{query}", body, headers)
    assert response.status_code in (200, 400, 404, 405), response.text
    if response.status_code != 200:
        assert client.log.records == []
        assert method == "HEAD" or set(response.json()) == {"code", "message"}
    assert client.in_flight.used == 0
    for record in client.log.records:
        assert len(record.value) <= 32 * 1024 and len(record.key) < 3_000
        assert Intake(Plan("shop", "digest")).accept(record.value, record.received)


def segment_body(items: list[Any], valid: list[str]) -> tuple[str, Any]:
    return "/v1/batch", {
        "batch": items + [{"type": "track", "event": "A", "userId": "u", "messageId": m} for m in valid]
    }


def snowplow_body(items: list[Any], valid: list[str]) -> tuple[str, Any]:
    return "/com.snowplowanalytics.snowplow/tp2", {"data": items + [{"e": "pv", "uid": "u", "eid": m} for m in valid]}


def posthog_body(items: list[Any], valid: list[str]) -> tuple[str, Any]:
    return "/batch/", {"batch": items + [{"event": "A", "distinct_id": "u", "uuid": m} for m in valid]}


@settings(max_examples=150, deadline=None)
@given(
    st.sampled_from((segment_body, snowplow_body, posthog_body)),
    st.lists((OBJECTS | JSON).filter(lambda item: not (isinstance(item, dict) and "aid" in item)), max_size=6),
    st.integers(1, 5),
)
def test_what_is_valid_in_a_batch_is_kept_in_its_order(
    client: CollectorClient, make: Any, items: list[Any], number: int
) -> None:
    valid = [f"valid-{each}" for each in range(number)]
    path, body = make(items, valid)
    client.log.records.clear()
    assert client.request("POST", path, json.dumps(body).encode()).status_code == 200
    calls = [json.loads(record.value) for record in client.log.records]
    assert len(calls) >= number
    assert [call.get("messageId") for call in calls if isinstance(call, dict)][-number:] == valid
