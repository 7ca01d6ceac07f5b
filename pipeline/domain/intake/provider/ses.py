"""Amazon SES, by SNS: event publishing (`eventType`) and the older notifications (`notificationType`), in the envelope
of SNS or delivered raw.

https://docs.aws.amazon.com/ses/latest/dg/event-publishing-retrieving-sns-contents.html
"""

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from pipeline.domain.intake.envelope import decode_call
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
    block,
    failed,
    mapping,
    text,
    unknown,
)
from pipeline.domain.intake.refusal import INVALID_FEEDBACK, RefusedCall

NAME = "ses"

_TAGS = ("user_id", "anonymous_id", "message_id", "purpose")
_HEADERS = {f"x-{tag.replace('_', '-')}": tag for tag in _TAGS}
_PLAIN = {"Send": SENT, "Delivery": DELIVERED, "Open": OPENED, "Click": CLICKED}
_LOST = {"Reject": "reject", "Rendering Failure": "failure"}


def recognises(payload: Mapping[str, Any]) -> bool:
    """Whether it is of SNS, or of SES without SNS around it."""
    return _in_envelope(payload) or ("mail" in payload and _kind(payload) is not None)


def feedback(payload: Mapping[str, Any]) -> Iterator[Feedback]:
    """Raises RefusedCall: `unknown_feedback`, as of a confirmation of SNS, or `invalid_feedback`."""
    received = payload.get("receivedAt")
    if _in_envelope(payload):
        if payload["Type"] != "Notification":
            raise unknown("no notification of SNS: confirm the subscription by hand")
        payload = _message(payload)
    kind, mail = _kind(payload), block(payload, "mail")
    if kind is None:
        raise unknown("no event of SES")
    for one in _told(kind, payload, mail):
        yield one if received is None else msgspec.structs.replace(one, received=received)


def _in_envelope(payload: Mapping[str, Any]) -> bool:
    return type(payload.get("Type")) is str and type(payload.get("TopicArn")) is str


def _kind(payload: Mapping[str, Any]) -> str | None:
    kind = payload.get("eventType", payload.get("notificationType"))
    return kind if type(kind) is str else None


def _message(envelope: Mapping[str, Any]) -> dict[str, Any]:
    try:
        message = decode_call(text(envelope, "Message").encode())
    except (RefusedCall, UnicodeEncodeError):
        # SNS sends a sentence when a topic is set up.
        raise unknown("a notification of SNS that is none of SES") from None
    if "mail" not in message:
        raise unknown("a notification of SNS that is none of SES")
    return message


def _told(kind: str, payload: Mapping[str, Any], mail: Mapping[str, Any]) -> Iterator[Feedback]:
    if kind in _PLAIN:
        about = mapping(payload.get(kind.lower()))
        for one in _each(kind, about, mail, mail.get("destination")):
            yield msgspec.structs.replace(one, event=_PLAIN[kind])
    elif kind in _LOST:
        for one in _each(kind, mapping(payload.get(_LOST[kind])), mail, mail.get("destination")):
            yield from failed(one)
    elif kind == "Bounce":
        about = block(payload, "bounce")
        lasting = HARD if about.get("bounceType") == "Permanent" else SOFT
        for one in _each(kind, about, mail, about.get("bouncedRecipients")):
            yield from failed(one, lasting)
    elif kind == "Complaint":
        about = block(payload, "complaint")
        if about.get("complaintFeedbackType") == "not-spam":
            raise unknown("a complaint that says it is none")
        for one in _each(kind, about, mail, about.get("complainedRecipients")):
            yield msgspec.structs.replace(one, event=SPAM)
    elif kind == "Subscription":
        about = block(payload, "subscription")
        for one in _each(kind, about, mail, mail.get("destination")):
            yield from _subscription(block(about, "newTopicPreferences"), one)
    else:
        raise unknown("an event of SES that says nothing final")


def _each(kind: str, about: Mapping[str, Any], mail: Mapping[str, Any], recipients: Any) -> Iterator[Feedback]:
    """One for each recipient. A complaint names all of a domain that may have made it, so do the others."""
    if type(recipients) is not list or not recipients:
        raise RefusedCall(INVALID_FEEDBACK, "no recipients")
    time = about.get("timestamp", mail.get("timestamp"))
    tags = _tags(mail)
    for number, recipient in enumerate(recipients):
        named = {"emailAddress": recipient} if type(recipient) is str else mapping(recipient)
        id = f"{text(mail, 'messageId')}-{number}-{kind}-{time}"
        yield Feedback("", id, time, "email", text(named, "emailAddress"), tags)


def _subscription(preferences: Mapping[str, Any], one: Feedback) -> Iterator[Feedback]:
    """Unsubscribed from all, or what was said of each topic, which is a purpose."""
    if preferences.get("unsubscribeAll") is True:
        yield msgspec.structs.replace(one, event=UNSUBSCRIBED)
        return
    topics = preferences.get("topicSubscriptionStatus")
    for topic in topics if type(topics) is list else ():
        name, status = text(mapping(topic), "topicName"), mapping(topic).get("subscriptionStatus")
        said = {"OptIn": "granted", "OptOut": "denied"}.get(status) if type(status) is str else None
        if said is not None:
            tags = {**one.tags, "purpose": name}
            yield msgspec.structs.replace(one, event=CONSENT, id=f"{one.id}-{name}", tags=tags, status=said)


def _tags(mail: Mapping[str, Any]) -> dict[str, Any]:
    """Tags of the message, each a list; else its headers, as `X-User-Id`."""
    found: dict[str, Any] = {}
    headers = mail.get("headers")
    for header in headers if type(headers) is list else ():
        name = mapping(header).get("name")
        tag = _HEADERS.get(name.lower()) if type(name) is str else None
        if tag is not None:
            found[tag] = header.get("value")
    for tag in _TAGS:
        values = mapping(mail.get("tags")).get(tag)
        if type(values) is list and values:
            found[tag] = values[0]
    return found
