"""PostHog: capture and batch of its SDKs, the forms of posthog-js among them (wire-format.md, captured clients)."""

import base64
import binascii
from typing import Any
from urllib.parse import parse_qs

from pipeline.collector.wire.request import (
    Call,
    Opened,
    Rejected,
    WireRequest,
    mapping,
    opened_value,
    present,
    text,
)
from pipeline.collector.wire.standard_name import standard_name
from pipeline.domain.value.instant import format_instant, parse_instant

PATHS = ("/batch/", "/batch", "/capture/", "/capture", "/e/", "/e", "/i/v0/e/", "/i/v0/e")

_PAGE = {"$current_url": "url", "$pathname": "path", "$referrer": "referrer", "title": "title"}
_LATEST = 10**13


def opened(request: WireRequest) -> Opened:
    """The calls of one event, of a list or of a batch; its `api_key` is the write key. Raises Rejected."""
    body = opened_value(_json_of(request))
    envelope = mapping(body)
    key = text(envelope.get("api_key")) or text(envelope.get("token"))
    batch = envelope.get("batch", body)
    events = batch if type(batch) is list else [body]
    if envelope.get("sent_at") is None and (sent := _sent(request)):
        envelope["sent_at"] = sent
    calls: list[Call | bytes] = []
    for event in events:
        calls.extend(_read(event, envelope) if type(event) is dict else [b"null"])
        key = key or text(mapping(event).get("api_key")) or text(mapping(mapping(event).get("properties")).get("token"))
    return Opened(key, calls)


def _json_of(request: WireRequest) -> bytes:
    """A body is JSON, or a form whose `data` is JSON, plain or in base64, as beacons and old posthog-js send it."""
    body = request.body
    if body.lstrip()[:1] in (b"{", b"["):
        return body
    try:
        data = parse_qs(body.decode(), max_num_fields=16).get("data", [""])[0] or request.query.get("data", "")
    except (UnicodeDecodeError, ValueError):
        data = ""
    if data.lstrip()[:1] in ("{", "["):
        return data.encode()
    try:
        # A form's `+` is a blank, and some senders do not write it otherwise.
        return base64.b64decode(data.replace(" ", "+"), validate=True)
    except (binascii.Error, ValueError):
        raise Rejected(400, "invalid_form", "The field `data` is neither JSON nor base64.") from None


def _sent(request: WireRequest) -> str | None:
    """When posthog-js sent it, ms since 1970 in its query."""
    written = request.query.get("sent_at") or request.query.get("_") or ""
    if not (written.isascii() and written.isdigit() and len(written) <= 13):
        return None
    return format_instant(int(written))


def _read(event: dict[str, Any], envelope: dict[str, Any]) -> list[Call | bytes]:
    properties = mapping(event.get("properties"))
    distinct = event.get("distinct_id", properties.get("distinct_id"))
    name = text(event.get("event")) or ""
    common = _common(event, envelope, properties, distinct)
    own = {key: value for key, value in properties.items() if not key.startswith("$") and key != "token"}
    traits = {
        **mapping(properties.get("$set_once")), **mapping(event.get("$set_once")),
        **mapping(properties.get("$set")), **mapping(event.get("$set")),
    }  # fmt: skip
    if name == "$create_alias":
        # Which of the two ids is the known one, the SDKs do not agree on; the merge is of both all the same.
        return [{"type": "alias", **common, "previousId": properties.get("alias")}]
    if name == "$groupidentify":
        group = {"groupId": properties.get("$group_key"), "traits": mapping(properties.get("$group_set"))}
        return [{"type": "group", **common, **group}]
    if name in ("$identify", "$set"):
        before = text(properties.get("$anon_distinct_id"))
        return [{"type": "identify", **common, **present(anonymousId=before), "traits": traits}]
    if name == "$pageview":
        page = {to: properties[at] for at, to in _PAGE.items() if properties.get(at) is not None}
        call = {"type": "page", **common, "properties": {**own, **page}}
    else:
        call = {"type": "track", **common, "event": standard_name(name), "properties": own}
    if not traits:
        return [call]
    # `$set` on any event is about the person.
    told = f"{event['uuid']}:set" if text(event.get("uuid")) else None
    bare = {key: value for key, value in common.items() if key != "messageId"}
    return [{"type": "identify", **bare, **present(messageId=told), "traits": traits}, call]


def _common(event: dict[str, Any], envelope: dict[str, Any], properties: dict[str, Any], distinct: Any) -> Call:
    device = properties.get("$device_id")
    anonymous = device is not None and device == distinct
    page = {to: properties[at] for at, to in _PAGE.items() if properties.get(at) is not None}
    context = present(
        library=present(name=properties.get("$lib"), version=properties.get("$lib_version")) or None,
        userAgent=properties.get("$raw_user_agent"),
        sessionId=properties.get("$session_id"),
        timezone=text(properties.get("$timezone")),
        page=page or None,
        ip=properties.get("$ip"),
    )
    sent = envelope.get("sent_at", event.get("sent_at"))
    return present(
        messageId=event.get("uuid"),
        userId=None if anonymous else distinct,
        anonymousId=distinct if anonymous else device,
        timestamp=_timestamp(event, sent),
        sentAt=sent,
        context=context or None,
    )


def _timestamp(event: dict[str, Any], sent: Any) -> Any:
    """posthog-js before 1.96 tells how many ms before it was sent an event happened (`offset`), not when."""
    told, offset = event.get("timestamp"), event.get("offset")
    if told is not None or type(offset) is not int or not 0 <= offset < _LATEST or type(sent) is not str:
        return told
    at = parse_instant(sent)
    return None if at is None or at < offset else format_instant(at - offset)
