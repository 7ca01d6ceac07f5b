"""Twilio SendGrid's Event Webhook: a list of events, each with the message's custom arguments beside its own fields.

https://www.twilio.com/docs/sendgrid/for-developers/tracking-events/event
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.domain.intake.provider.feedback import (
    CLICKED,
    CONSENT,
    DELIVERED,
    HARD,
    OPENED,
    SENT,
    SOFT,
    SPAM,
    UNSUBSCRIBED,
    Feedback,
    failed,
    mapping,
    text,
    unknown,
)

NAME = "sendgrid"

_PLAIN = {
    "processed": SENT,
    "delivered": DELIVERED,
    "open": OPENED,
    "click": CLICKED,
    "spamreport": SPAM,
    "unsubscribe": UNSUBSCRIBED,
    "group_unsubscribe": UNSUBSCRIBED,
}


def recognises(payload: Mapping[str, Any]) -> bool:
    """Whether it is one event."""
    return "sg_event_id" in payload


def feedback(payload: Mapping[str, Any]) -> Iterator[Feedback]:
    """Raises RefusedCall: `unknown_feedback`, as of an event `deferred`, or `invalid_feedback`."""
    kind, tags = text(payload, "event"), {**mapping(payload.get("unique_args")), **payload}
    one = Feedback(
        _PLAIN.get(kind, ""),
        text(payload, "sg_event_id"),
        payload.get("timestamp"),
        "email",
        text(payload, "email"),
        tags,
        received=payload.get("receivedAt"),
    )
    if one.event:
        yield one
    elif kind == "group_resubscribe":
        yield msgspec.structs.replace(one, event=CONSENT, status="granted")
    elif kind == "bounce":
        # A blocked message is told as a bounce of another type.
        yield from failed(one, HARD if payload.get("type", "bounce") == "bounce" else SOFT)
    elif kind == "dropped":
        yield from failed(one)
    else:
        raise unknown("an event of SendGrid that says nothing final")
