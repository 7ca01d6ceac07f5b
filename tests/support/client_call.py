"""Clients' calls, as bytes, and what intake makes of them."""

import json
from typing import Any

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.value.instant import parse_instant

RECEIVED = 1_767_434_700_000  # 2026-01-03T10:05:00.000Z


def ms(text: str) -> int:
    instant = parse_instant(text)
    assert instant is not None
    return instant


def track(event: str | None = "Product Viewed", **over: Any) -> dict[str, Any]:
    """A track call as a browser sends it; a value of `...` leaves the key out."""
    call = {
        "type": "track",
        "event": event,
        "userId": "u-1",
        "messageId": "m-1",
        "timestamp": "2026-01-03T10:04:00.000Z",
        "properties": {},
        **over,
    }
    return {key: value for key, value in call.items() if value is not ...}


def accept(*values: Any, received: int = RECEIVED, from_field: bool = False, plan: Plan | None = None) -> list[Any]:
    """What intake says to each value in turn; a dict is sent as JSON."""
    intake = Intake(plan or Plan(name="shop", digest="00000001"))
    said: list[Event | Refusal] = []
    for value in values:
        raw = value if isinstance(value, bytes | None) else json.dumps(value).encode()
        said.extend(intake.accept(raw, received, from_field=from_field))
    return said


def event(value: Any, **how: Any) -> Event:
    """The one event that a value comes to."""
    (said,) = accept(value, **how)
    assert isinstance(said, Event), said
    return said


def reason(value: Any, **how: Any) -> str:
    """Why the one call of a value is refused."""
    (said,) = accept(value, **how)
    assert isinstance(said, Refusal), said
    return said.reason
