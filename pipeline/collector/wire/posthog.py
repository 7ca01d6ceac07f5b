"""PostHog: capture and batch of its SDKs (wire-format.md, captured clients)."""

from typing import Any

from pipeline.collector.wire.request import Call, Opened, WireRequest, mapping, opened_object, present, text
from pipeline.collector.wire.standard_name import standard_name

PATHS = ("/batch/", "/batch", "/capture/", "/capture", "/e/", "/i/v0/e/")

_PAGE = {"$current_url": "url", "$pathname": "path", "$referrer": "referrer", "title": "title"}


def opened(request: WireRequest) -> Opened:
    """The calls of one event or of a batch; its `api_key` is the write key. Raises Rejected."""
    body = opened_object(request.body)
    key = text(body.get("api_key")) or text(body.get("token"))
    batch = body.get("batch")
    events = batch if type(batch) is list else [body]
    calls: list[Call | bytes] = []
    for event in events:
        calls.extend(_read(event, body) if type(event) is dict else [b"null"])
        key = key or text(mapping(mapping(event).get("properties")).get("token"))
    return Opened(key, calls)


def _read(event: dict[str, Any], envelope: dict[str, Any]) -> list[Call | bytes]:
    properties = mapping(event.get("properties"))
    distinct = event.get("distinct_id", properties.get("distinct_id"))
    name = text(event.get("event")) or ""
    common = _common(event, envelope, properties, distinct)
    own = {key: value for key, value in properties.items() if not key.startswith("$") and key != "token"}
    traits = {**mapping(properties.get("$set_once")), **mapping(properties.get("$set")), **mapping(event.get("$set"))}
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
    return present(
        messageId=event.get("uuid"),
        userId=None if anonymous else distinct,
        anonymousId=distinct if anonymous else device,
        timestamp=event.get("timestamp"),
        sentAt=envelope.get("sent_at"),
        context=context or None,
    )
