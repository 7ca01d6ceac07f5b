"""Broken variants of captured bodies: no wire format fails but by refusing, and what it gives can be written."""

import json
import random
from typing import Any

import pytest

from pipeline.collector.body import decompressed
from pipeline.collector.record import Recorder
from pipeline.collector.wire import ga4, gtag, posthog, rudderstack, segment, snowplow
from pipeline.collector.wire.request import Rejected, WireRequest
from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake
from tests.support.captured_request import CAPTURES, Captured, captured, clients

pytestmark = pytest.mark.skipif(not CAPTURES.is_dir(), reason="the shared captures are not here")

SEEDS = 300
WRONG: list[Any] = [
    None, True, 0, -1, 10**30, 10**400, "", "x", "9" * 30, "\u0000", "ä" * 600, [], [None], {}, {"": None},
    [[1]], {"id": {}, "product_id": 1, "promotion_id": 2, "schema": "a/b/c/d", "data": []}, "http://[", "?a=b",
    '{"data":7}',
]  # fmt: skip
GA4 = {
    "client_id": "c.1",
    "timestamp_micros": "1795327638278000",
    "user_properties": {"plan": {"value": "gold"}},
    "events": [{"name": "purchase", "params": {"transaction_id": "O1", "value": 1, "items": [{"item_id": "P1"}]}}],
}


def bodies() -> list[tuple[Captured, Any]]:
    sent = [one for client in clients() for one in captured(client) if one.body]
    found = [(one, json.loads(decompressed(one.body, one.headers.get("content-encoding", "")))) for one in sent]
    return [*found, (Captured("ga4", "POST", "/mp/collect", {}, b""), GA4)]


def broken(value: Any, choose: random.Random) -> Any:
    """Something in it replaced, left out or named otherwise."""
    if choose.random() < 0.04:
        return choose.choice(WRONG)
    if isinstance(value, dict):
        kept = {key: broken(inner, choose) for key, inner in value.items() if choose.random() > 0.02}
        return kept | (
            {choose.choice(["id", "product_id", "type", "$set", "ti_id", "e"]): 7} if choose.random() < 0.03 else {}
        )
    if isinstance(value, list):
        return [broken(inner, choose) for inner in value]
    if isinstance(value, str) and value.startswith("{"):
        return json.dumps(broken(json.loads(value), choose))
    return value


@pytest.mark.parametrize("seed", range(SEEDS // 100))
def test_whatever_is_broken_is_refused_or_written(seed: int) -> None:
    choose, recorder, sent = random.Random(seed), Recorder(lambda: "fresh", True), bodies()
    intake = Intake(Plan("shop", "digest"))
    for _ in range(100):
        one, body = choose.choice(sent)
        shown = json.dumps(broken(body, choose)).encode()
        for wanted in (segment, rudderstack, snowplow, posthog, ga4, gtag):
            try:
                opened = wanted.opened(WireRequest(one.path, shown, one.query, one.headers))
            except Rejected:
                continue
            records, oversize = recorder.records(opened.calls, 1, "203.0.113.9")
            assert len(records) + oversize == len(opened.calls)
            for record in records:
                # Taken or refused, but read.
                assert intake.accept(record.value, 1_796_000_000_000)
