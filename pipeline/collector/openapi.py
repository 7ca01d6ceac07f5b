"""The collector's paths as an OpenAPI document, made of the formats that it takes: `/openapi.json`."""

from collections.abc import Mapping
from typing import Any

from pipeline import __version__
from pipeline.collector.format import FORMATS, SETTINGS, Format
from pipeline.collector.wire.request import BATCH_LIMIT, EVENT_LIMIT

Schema = dict[str, Any]

_TEXT: Schema = {"type": "string"}
_FIELDS: Schema = {"type": "object", "additionalProperties": True}

_CALL: Schema = {
    "type": "object",
    "description": "One call in Segment's shape. Other fields are kept.",
    "properties": {
        "type": {"enum": ["track", "identify", "page", "screen", "group", "alias"]},
        "event": _TEXT, "userId": {"type": ["string", "null"]}, "anonymousId": {"type": ["string", "null"]},
        "previousId": _TEXT, "groupId": _TEXT, "messageId": _TEXT,
        "timestamp": {"type": "string", "format": "date-time"}, "sentAt": {"type": "string", "format": "date-time"},
        "properties": _FIELDS, "traits": _FIELDS, "context": _FIELDS, "integrations": _FIELDS, "writeKey": _TEXT,
    },
}  # fmt: skip
_CALLS: Schema = {
    "type": "object",
    "required": ["batch"],
    "properties": {"batch": {"type": "array", "items": _CALL}, "sentAt": _TEXT, "context": _FIELDS, "writeKey": _TEXT},
}
_TP2: Schema = {
    "type": "object",
    "required": ["data"],
    "properties": {
        "schema": _TEXT,
        "data": {"type": "array", "items": {"type": "object", "additionalProperties": _TEXT}},
    },
}
_CAPTURE: Schema = {
    "type": "object",
    "properties": {
        "event": _TEXT, "distinct_id": _TEXT, "uuid": _TEXT, "timestamp": _TEXT, "offset": {"type": "integer"},
        "properties": _FIELDS,
    },
}  # fmt: skip
_CAPTURES: Schema = {
    "type": "object",
    "properties": {"api_key": _TEXT, "batch": {"type": "array", "items": _CAPTURE}, "sent_at": _TEXT},
}
_ITEMS: Schema = {"type": "array", "items": {"type": "object"}}
_MEASUREMENT: Schema = {
    "type": "object",
    "required": ["events"],
    "properties": {
        "client_id": _TEXT, "user_id": _TEXT, "timestamp_micros": {"type": ["integer", "string"]},
        "user_properties": _FIELDS,
        "events": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": _TEXT, "params": {"type": "object", "properties": {"items": _ITEMS}}},
            },
        },
    },
}  # fmt: skip
_BODIES: Mapping[str, Mapping[str, Schema]] = {
    "segment": {"application/json": {"anyOf": [_CALL, _CALLS]}},
    "snowplow": {"application/json": _TP2},
    "posthog": {
        "application/json": {"anyOf": [_CAPTURES, _CAPTURE, {"type": "array", "items": _CAPTURE}]},
        "application/x-www-form-urlencoded": {"type": "object", "properties": {"data": _TEXT}},
    },
    "ga4": {"application/json": _MEASUREMENT},
    "gtag": {"text/plain": {"type": "string", "description": "An event a line, in the form of a query."}},
}
_QUERIES: Mapping[str, tuple[str, ...]] = {
    "snowplow": ("e", "p", "tv", "aid", "eid", "duid", "uid", "url", "ue_px", "cx", "dtm", "stm"),
    "posthog": ("compression", "ver", "_"),
    "ga4": ("api_secret", "measurement_id"),
    "gtag": ("v", "tid", "cid", "uid", "sid", "en", "dl", "dr", "dt", "cu", "pr1", "ep.transaction_id", "epn.value"),
}
_ERRORS = {
    "400": f"It cannot be read, or is too large: {EVENT_LIMIT} bytes an event, {BATCH_LIMIT} a request.",
    "401": "The write key is not known.",
    "408": "The body did not arrive in time.",
    "429": "Too much is under way.",
    "503": "The brokers are away and the spool is full.",
}
_ERROR: Schema = {
    "type": "object",
    "required": ["code", "message"],
    "properties": {"code": _TEXT, "message": _TEXT},
}
_BASIC = {"type": "http", "scheme": "basic", "description": "The write key as user."}
_LICENSE = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_LATER = {"Retry-After": {"schema": {"type": "integer"}, "description": "Seconds."}}


def document() -> Schema:
    """OpenAPI 3.1, as a JSON object."""
    paths: dict[str, Schema] = {}
    for (method, path), taken in FORMATS.items():
        paths.setdefault(path, {})[method.lower()] = _operation(method, path, taken)
    for path in (*SETTINGS, "/array/{key}/config"):
        paths[path] = _settings(path)
    paths["/health"] = {"get": _read_only("Whether events are taken, and where they go.", "503")}
    return {
        "openapi": "3.1.0",
        "info": {"title": "Afterclick collector", "version": __version__, "license": _LICENSE},
        "paths": paths,
        "components": {
            "securitySchemes": {"writeKey": _BASIC},
            "schemas": {"Error": _ERROR},
        },
    }


def _operation(method: str, path: str, taken: Format) -> Schema:
    # A type without charset would be one that no answer has.
    media = f"{taken.media}; charset=utf-8" if taken.media.startswith("text/") else taken.media
    operation: Schema = {
        "operationId": f"{taken.name} {method} {path}",
        "summary": f"Events of {taken.name}.",
        "security": [{"writeKey": []}, {}],
        "parameters": [{"name": name, "in": "query", "schema": _TEXT} for name in _QUERIES.get(taken.name, ())],
        "responses": {"200": {"description": "All events are safe.", "content": {media: {}}}, **_errors()},
    }
    if method == "POST":
        content = {kind: {"schema": schema} for kind, schema in _BODIES[taken.name].items()}
        operation["requestBody"] = {"required": taken.name not in ("gtag", "snowplow"), "content": content}
    return operation


def _errors() -> Schema:
    content = {"application/json": {"schema": {"$ref": "#/components/schemas/Error"}}}
    told: Schema = {status: {"description": meaning, "content": content} for status, meaning in _ERRORS.items()}
    for status in ("429", "503"):
        told[status]["headers"] = _LATER
    return told


def _settings(path: str) -> Schema:
    operation = _read_only("What PostHog's SDKs ask before they send: no flags, nothing recorded.")
    if "{key}" in path:
        operation["parameters"] = [{"name": "key", "in": "path", "required": True, "schema": _TEXT}]
    return {"get": operation, "post": operation}


def _read_only(summary: str, *further: str) -> Schema:
    answers = {status: {"description": "", "content": {"application/json": {}}} for status in ("200", *further)}
    return {"summary": summary, "responses": answers}
