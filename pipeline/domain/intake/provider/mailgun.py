"""Mailgun's webhooks: the event in `event-data`, beside its signature.

https://documentation.mailgun.com/docs/mailgun/user-manual/webhooks/webhook-payloads
"""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.domain.intake.provider.feedback import (
    CLICKED,
    DELIVERED,
    HARD,
    OPENED,
    SENT,
    SPAM,
    UNSUBSCRIBED,
    Feedback,
    block,
    failed,
    mapping,
    text,
    unknown,
)

NAME = "mailgun"

_PLAIN = {
    "accepted": SENT,
    "delivered": DELIVERED,
    "opened": OPENED,
    "clicked": CLICKED,
    "complained": SPAM,
    "unsubscribed": UNSUBSCRIBED,
}


def recognises(payload: Mapping[str, Any]) -> bool:
    return "event-data" in payload


def feedback(payload: Mapping[str, Any]) -> Iterator[Feedback]:
    """Raises RefusedCall: `unknown_feedback`, as of a temporary failure, or `invalid_feedback`."""
    event = block(payload, "event-data")
    kind, time = text(event, "event"), event.get("timestamp")
    # Ids are told apart within a day only.
    one = Feedback(
        _PLAIN.get(kind, ""),
        f"{text(event, 'id')}-{time}",
        time,
        "email",
        text(event, "recipient"),
        mapping(event.get("user-variables")),
        received=payload.get("receivedAt"),
    )
    if one.event:
        yield one
    elif kind == "rejected":
        yield from failed(one)
    elif kind == "failed" and event.get("severity") == "permanent":
        # Other reasons are rules of the receiving server, or that Mailgun did not even try (`suppress-bounce`).
        yield from failed(one, HARD if event.get("reason") == "bounce" else None)
    else:
        raise unknown("an event of Mailgun that says nothing final")
