"""OneSignal's Event Streams, with the bodies that its documentation proposes: names with points (`event.kind`), flat,
in groups, or as objects. The shopper is the external id, the message the name it was given (`message.name`).

https://documentation.onesignal.com/docs/event-streams-data
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
    OPTED_OUT,
    PUSH_OFF,
    SENT,
    SPAM,
    UNSUBSCRIBED,
    Feedback,
    failed,
    text,
    unknown,
)

NAME = "onesignal"

_CHANNELS = {"push": "push", "email": "email", "sms": "sms", "iam": "onsite"}
_PLAIN = {
    "sent": SENT,
    "received": DELIVERED,
    "delivered": DELIVERED,
    "impression": OPENED,
    "opened": OPENED,
    "clicked": CLICKED,
    "reported_as_spam": SPAM,
}
_LOST = frozenset({"failed", "undelivered", "suppressed"})
_OUT = {"push": PUSH_OFF, "email": UNSUBSCRIBED, "sms": OPTED_OUT}


def recognises(payload: Mapping[str, Any]) -> bool:
    kind = _flat(payload).get("event.kind")
    return type(kind) is str and kind.startswith("message.")


def feedback(payload: Mapping[str, Any]) -> Iterator[Feedback]:
    """Raises RefusedCall: `unknown_feedback`, as of live activities, or `invalid_feedback`."""
    told = _flat(payload)
    _, _, kind = text(told, "event.kind").partition(".")
    medium, _, happened = kind.partition(".")
    channel = _CHANNELS.get(medium)
    if channel is None:
        raise unknown("a channel of OneSignal that is none here")
    one = Feedback(
        _PLAIN.get(happened, ""),
        text(told, "event.id"),
        told.get("event.datetime") or told.get("event.timestamp"),
        channel,
        told.get("subscription.token") or None,
        _tags(told),
        received=payload.get("receivedAt"),
    )
    if one.event:
        yield one
    elif happened == "unsubscribed":
        out = _OUT.get(channel)
        yield msgspec.structs.replace(one, event=out or CONSENT, status=None if out else "denied")
    elif happened == "bounced" and channel == "email":
        yield from failed(one, HARD)
    elif happened in _LOST:
        yield from failed(one)
    else:
        raise unknown("an event of OneSignal that has no name here")


def _flat(payload: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in payload.items():
        if type(value) is dict:
            found.update((key if "." in key else f"{name}.{key}", inner) for key, inner in value.items())
        else:
            found[name] = value
    return found


def _tags(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "user_id": told.get("event.external_id") or told.get("user_id"),
        "anonymous_id": told.get("anonymous_id"),
        "message_id": told.get("message_id") or told.get("message.name") or None,
        "purpose": told.get("purpose") or None,
    }
