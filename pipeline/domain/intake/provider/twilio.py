"""Twilio's webhooks of messages, as form or as JSON of the same names: status callbacks, and incoming messages by which
people opt out and in again.

https://www.twilio.com/docs/messaging/guides/webhook-request
https://www.twilio.com/docs/messaging/guides/outbound-message-status-in-status-callbacks

Twilio hands nothing back but what stands in the callback's address: the collector has to add its parameters (`user_id`,
`message_id`) to the form, and whose number an incoming message comes from.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.domain.intake.provider.feedback import (
    CONSENT,
    DELIVERED,
    OPENED,
    OPTED_OUT,
    SENT,
    Feedback,
    failed,
    text,
    unknown,
)

NAME = "twilio"

_PLAIN = {"sent": SENT, "delivered": DELIVERED, "read": OPENED}
_LOST = frozenset({"failed", "undelivered"})
# The error of a message to somebody who has opted out.
_OPTED_OUT = "21610"
# What is read as an opt-out or opt-in where Advanced Opt-Out does not say so, as the whole of a message.
_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit"})
_START = frozenset({"start", "yes", "unstop"})


def recognises(payload: Mapping[str, Any]) -> bool:
    return "MessageSid" in payload or "SmsSid" in payload


def feedback(payload: Mapping[str, Any]) -> Iterator[Feedback]:
    """Raises RefusedCall: `unknown_feedback`, as of a status `queued`, or `invalid_feedback`."""
    sid = text(payload, "MessageSid" if "MessageSid" in payload else "SmsSid")
    status = payload.get("MessageStatus", payload.get("SmsStatus"))
    incoming = status == "received" or status is None
    channel, address = _addressed(text(payload, "From" if incoming else "To"))
    one = Feedback("", f"{sid}-{status}", None, channel, address, payload, received=payload.get("receivedAt"))
    if incoming:
        yield from _answer(payload, one)
    elif type(status) is str and status in _PLAIN:
        yield msgspec.structs.replace(one, event=_PLAIN[status])
    elif type(status) is str and status in _LOST:
        yield from failed(one)
        if str(payload.get("ErrorCode")) == _OPTED_OUT:
            yield _opted_out(one)
    else:
        raise unknown("a status of Twilio that says nothing final")


def _addressed(written: str) -> tuple[str, str]:
    """Channel and address: `whatsapp:+49151..` names its channel."""
    channel, colon, rest = written.partition(":")
    return (channel, rest) if colon else ("sms", written)


def _answer(payload: Mapping[str, Any], one: Feedback) -> Iterator[Feedback]:
    kind, body = payload.get("OptOutType"), payload.get("Body")
    word = body.strip().lower() if type(body) is str else ""
    if kind == "STOP" or (kind is None and word in _STOP):
        yield _opted_out(one)
    elif kind == "START" or (kind is None and word in _START):
        yield msgspec.structs.replace(one, event=CONSENT, status="granted")
    else:
        raise unknown("a message that is neither an opt-out nor an opt-in")


def _opted_out(one: Feedback) -> Feedback:
    """SMS has an event of its own."""
    if one.channel == "sms":
        return msgspec.structs.replace(one, event=OPTED_OUT)
    return msgspec.structs.replace(one, event=CONSENT, status="denied")
