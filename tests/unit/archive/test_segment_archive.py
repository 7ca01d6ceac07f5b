"""Archives of Segment and RudderStack: a call a line, as their servers stored it."""

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.source import RUDDERSTACK, SEGMENT
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.value.instant import format_instant, parse_instant
from tests.support.archived import PLAN, events, items, write
from tests.support.captured_request import CAPTURES, captured
from tests.support.collector_client import RECEIVED, CollectorClient

RECEIVED_MS = int(RECEIVED * 1000)
# As Segment's Amazon S3 destination writes it: what the client said is originalTimestamp, and timestamp is corrected.
STORED = {
    "anonymousId": "507f191e810c19729de860ea", "channel": "client", "event": "Product Added", "messageId": "ajs-1",
    "context": {"ip": "203.0.113.7", "library": {"name": "analytics.js", "version": "2"}, "timezone": "Europe/Paris"},
    "integrations": {}, "originalTimestamp": "2026-11-30T10:00:00.000Z", "sentAt": "2026-11-30T10:00:01.000Z",
    "receivedAt": "2026-11-30T09:30:02.000Z", "timestamp": "2026-11-30T09:30:01.000Z", "type": "track",
    "userId": "97980cfea0067", "version": 2, "projectId": "p", "writeKey": "wk_secret",
    "properties": {"product_id": "P1", "price": 12.5, "quantity": 1},
}  # fmt: skip
# As RudderStack's object storages do.
RUDDER = {**STORED, "channel": "web", "rudderId": "r-1", "request_ip": "203.0.113.7"}


@pytest.mark.parametrize("form, line", [(SEGMENT, STORED), (RUDDERSTACK, RUDDER)])
def test_times_stand_as_the_server_left_them(tmp_path: Path, form: str, line: dict[str, Any]) -> None:
    (event,) = events(write(tmp_path / "1796000000.gz", [line]), form)
    assert (event.name, event.shopper, event.message_id) == ("Product Added", "97980cfea0067", "ajs-1")
    assert event.time == parse_instant("2026-11-30T09:30:01Z")
    assert event.received == parse_instant("2026-11-30T09:30:02Z")


def test_neither_credentials_nor_addresses_are_kept(tmp_path: Path) -> None:
    (one,) = items(write(tmp_path / "log.gz", [STORED]), SEGMENT)
    assert isinstance(one.value, bytes)
    assert b"wk_secret" not in one.value and b"203.0.113.7" not in one.value
    assert json.loads(one.value)["context"]["timezone"] == "Europe/Paris"


def test_calls_of_a_batch_are_received_with_it_and_stand_alone(tmp_path: Path) -> None:
    calls = [
        {"type": "track", "event": name, "userId": "u", "messageId": name, "timestamp": "2026-11-30T10:00:00Z"}
        for name in ("A", "B")
    ]
    batch = {"batch": calls, "sentAt": "2026-11-30T10:00:05Z", "receivedAt": "2026-11-30T09:00:00Z"}
    found = events(write(tmp_path / "log", [batch]), SEGMENT)
    assert [(one.name, one.received, one.time) for one in found] == [
        (name, parse_instant("2026-11-30T09:00:00Z"), parse_instant("2026-11-30T08:59:55Z")) for name in ("A", "B")
    ]


@pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")
@pytest.mark.parametrize("client", ["segment_node", "segment_python", "browser_ajs", "browser_ajsbatch"])
def test_what_the_collector_put_on_the_log_is_the_same_event_when_it_comes_from_an_archive_of_it(
    tmp_path: Path, client: str
) -> None:
    collector, intake = CollectorClient(tmp_path), Intake(PLAN)
    for request in captured(client):
        collector.request(request.method, request.target, request.body, request.headers)
    values = [json.loads(record.value) for record in collector.log.records]
    wanted = [one for record in collector.log.records for one in intake.accept(record.value, RECEIVED_MS)]
    assert wanted and all(isinstance(one, Event) for one in wanted)
    stamped = [{"batch": [value], "receivedAt": format_instant(RECEIVED_MS)} for value in values]
    assert events(write(tmp_path / "log.ndjson.gz", stamped), SEGMENT) == wanted
