"""Canonical events, and what of them is the same each time a client sends the same."""

import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from tests.support.captured_request import captured
from tests.support.collector_client import RECEIVED, CollectorClient

_ADDRESS = re.compile(r"http://(localhost|127\.0\.0\.1):\d+/")


def accepted(values: Iterable[bytes], received: int) -> list[Event]:
    """What intake makes of values of the clickstream; none may be refused."""
    intake = Intake(Plan("shop", "digest"))
    found = [one for value in values for one in intake.accept(value, received)]
    assert not [one for one in found if isinstance(one, Refusal)], found
    return [one for one in found if isinstance(one, Event)]


def events_of_capture(name: str, folder: Path) -> list[Event]:
    """What the requests come to that a client was once seen to send. folder: for a collector's spool."""
    client = CollectorClient(folder)
    for one in captured(name):
        client.request(one.method, one.target, one.body, one.headers)
    return accepted([record.value for record in client.log.records], int(RECEIVED * 1000))


def canonical(events: Iterable[Event], known: str, anonymous: str) -> list[dict[str, Any]]:
    """Without ids and times that are drawn anew; the shopper by what it is to us. known, anonymous: ids that the
    client was given; one that it drew itself counts as the anonymous one. In an order of their own: SDKs keep none."""
    made = [_constant(event, known, anonymous) for event in events]
    return sorted(made, key=lambda event: json.dumps(event, sort_keys=True))


def _constant(event: Event, known: str, anonymous: str) -> dict[str, Any]:
    text = _ADDRESS.sub("http://shop/", bytes(event.properties).decode())
    return {
        "type": event.type,
        "name": event.name,
        "shopper": "known" if event.shopper == known else "anonymous",
        "anonymous": event.anonymous,
        "derived": "derived_id" in event.flags,
        "properties": json.loads(text.replace(known, "KNOWN").replace(anonymous, "ANONYMOUS")),
        "traits": decode_object(event.traits),
        "timezone": event.timezone,
    }
