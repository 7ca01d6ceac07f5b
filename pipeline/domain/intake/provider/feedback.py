"""Feedback: what a provider tells of one message to one recipient, and the call that it is made into.

Whose message it was the sender has to tell the provider, which hands it back: as tags, arguments, variables or
parameters named `user_id` (or `anonymous_id`), `message_id` and, if not marketing, `purpose`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.domain.intake.refusal import INVALID_FEEDBACK, UNKNOWN_FEEDBACK, RefusedCall

SENT, DELIVERED, OPENED, CLICKED = "Message Sent", "Message Delivered", "Message Opened", "Message Clicked"
FAILED, BOUNCED = "Message Failed", "Email Bounced"
UNSUBSCRIBED, SPAM = "Email Unsubscribed", "Email Marked as Spam"
OPTED_OUT, PUSH_OFF, CONSENT = "SMS Opted Out", "Push Unsubscribed", "Consent Changed"

HARD, SOFT = "hard", "soft"
_NOTHING: dict[str, Any] = {}


class Feedback(msgspec.Struct, frozen=True, gc=False):
    """event: one of the names above. id: of what happened, the same when it is told again. time: as sent, None if the
    provider does not tell. address: of the recipient. tags: what the sender had told the provider.

    status: of CONSENT. bounce: of BOUNCED. received: `receivedAt`, where a forwarder has put it in.
    """

    event: str
    id: str
    time: Any
    channel: str
    address: str | None
    tags: Mapping[str, Any]
    status: str | None = None
    bounce: str | None = None
    received: Any = None

    def call(self, provider: str) -> dict[str, Any]:
        """As a client would have sent it."""
        told = {
            "channel": self.channel,
            "address": self.address,
            "message_id": self.tags.get("message_id"),
            "purpose": self.tags.get("purpose"),
            "status": self.status,
            "bounce_type": self.bounce,
            "provider": provider,
        }
        call = {
            "type": "track",
            "event": self.event,
            "userId": self.tags.get("user_id"),
            "anonymousId": self.tags.get("anonymous_id"),
            "messageId": f"{provider}/{self.id}/{self.event}",
            "timestamp": self.time,
            "receivedAt": self.received,
            "properties": {name: value for name, value in told.items() if value is not None},
        }
        return {name: value for name, value in call.items() if value is not None}


def failed(feedback: Feedback, bounce: str | None = None) -> Iterator[Feedback]:
    """A message that did not arrive: that it failed and, where the address was to blame, that it bounced."""
    if bounce is not None:
        yield msgspec.structs.replace(feedback, event=BOUNCED, bounce=bounce)
    yield msgspec.structs.replace(feedback, event=FAILED)


def text(payload: Mapping[str, Any], field: str) -> str:
    """A field that must be there. Raises RefusedCall `invalid_feedback`."""
    value = payload.get(field)
    if type(value) is not str or not value or value.isspace():
        raise RefusedCall(INVALID_FEEDBACK, f"{field} is no text")
    return value


def block(payload: Mapping[str, Any], field: str) -> dict[str, Any]:
    """A field that must be an object. Raises RefusedCall `invalid_feedback`."""
    value = payload.get(field)
    if type(value) is not dict:
        raise RefusedCall(INVALID_FEEDBACK, f"{field} is no object")
    return value


def mapping(value: Any) -> dict[str, Any]:
    """An object, empty if it is none: PHP's empty objects come as lists."""
    return value if type(value) is dict else _NOTHING


def unknown(what: str) -> RefusedCall:
    """To be raised of what happened and has no name here."""
    return RefusedCall(UNKNOWN_FEEDBACK, what)
