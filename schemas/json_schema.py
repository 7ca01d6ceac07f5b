"""The contracts as JSON Schema, for consumers of JSON: generated from the Avro contracts.

`python -m schemas.json_schema` writes `schemas/*.schema.json` anew.
"""

import json
from typing import Any

import msgspec

from pipeline.domain.decision import DECISION_TOPICS, SEGMENT_CALLS
from pipeline.domain.event import CALLS, CLAIM, ENDING, REFERRAL, REFERRAL_CONFIRMED, Event
from schemas import segment_call
from schemas.contract import DELIVERY_FIELDS, HERE, contract, is_instant

DIALECT = "https://json-schema.org/draft/2020-12/schema"
INTERNAL_TOPIC = "shopper-events"

_INTEGERS = {"int": (-(2**31), 2**31 - 1), "long": (-(2**63), 2**63 - 1)}
_INSTANT = {"type": "string", "format": "date-time", "pattern": segment_call.INSTANT}


def json_schema(topic: str) -> dict[str, Any]:
    """The JSON Schema of a topic's values: of a decision topic, of `segment-calls`, or of `shopper-events`."""
    if topic == INTERNAL_TOPIC:
        return _shopper_events()
    if topic == SEGMENT_CALLS:
        return {"$schema": DIALECT, "$id": f"{topic}.schema.json", **segment_call.json_schema()}
    schema = contract(topic).schema
    names: dict[str, Any] = {}
    body = _record(schema, names)
    # Replay leaves them out unless asked for a trace; in Kafka they are always there.
    body["required"] = [name for name in body["required"] if name not in DELIVERY_FIELDS]
    return {"$schema": DIALECT, "$id": f"{topic}.schema.json", "title": schema["name"], **body, "$defs": names}


def _translate(schema: Any, names: dict[str, Any]) -> dict[str, Any]:
    """JSON Schema of an Avro schema; named types go to `names` and are referred to."""
    if is_instant(schema) and isinstance(schema, dict):
        return dict(_INSTANT)
    if isinstance(schema, list):
        return {"anyOf": [_translate(branch, names) for branch in schema]}
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind in ("null", "string", "boolean"):
        return {"type": kind}
    if kind == "double":
        return {"type": "number"}
    if kind in _INTEGERS:
        least, most = _INTEGERS[kind]
        return {"type": "integer", "minimum": least, "maximum": most}
    if kind == "array":
        return {"type": "array", "items": _translate(schema["items"], names)}
    if kind == "record":
        names[schema["name"]] = _record(schema, names)
    elif kind == "enum":
        names[schema["name"]] = _enum(schema)
    return {"$ref": f"#/$defs/{schema['name'] if isinstance(schema, dict) else schema}"}


def _record(schema: dict[str, Any], names: dict[str, Any]) -> dict[str, Any]:
    """All fields are always there, but for those that say `left_out`; readers must bear more, since a later version may
    add some."""
    properties = {
        field["name"]: {"description": field["doc"], **_translate(field["type"], names)} for field in schema["fields"]
    }
    return {
        "description": schema["doc"],
        "type": "object",
        "properties": properties,
        "required": [field["name"] for field in schema["fields"] if not field.get("left_out")],
        "additionalProperties": True,
    }


def _enum(schema: dict[str, Any]) -> dict[str, Any]:
    """The known symbols, and room for those of later versions, as the default symbol gives it in Avro."""
    symbols = [symbol for symbol in schema["symbols"] if symbol != schema["default"]]
    return {
        "description": schema["doc"],
        "type": "string",
        "anyOf": [{"enum": symbols}, {"pattern": "^[a-z][a-z_]*$"}],
    }


def _shopper_events() -> dict[str, Any]:
    kinds: dict[Any, dict[str, Any]] = {
        str: {"type": "string"},
        bool: {"type": "boolean"},
        int: {"type": "integer"},
        msgspec.Raw: {"type": "object"},
        tuple[str, ...]: {"type": "array", "items": {"type": "string"}},
        tuple[tuple[str, bool], ...]: {"type": "array", "items": {"type": "array"}},
        tuple[int, int]: {"type": "array", "items": {"type": "integer"}},
    }
    fields, types = msgspec.structs.fields(Event), sorted({*CALLS, CLAIM, ENDING, REFERRAL, REFERRAL_CONFIRMED})
    return {
        "$schema": DIALECT,
        "$id": f"{INTERNAL_TOPIC}.schema.json",
        "title": "Event",
        "description": "One accepted call of one shopper. Internal: both agents may change it together.",
        "type": "object",
        "properties": {field.name: kinds[field.type] for field in fields} | {"type": {"enum": types}},
        "required": [field.name for field in fields if field.required],
    }


def text(topic: str) -> str:
    """The checked-in file's text."""
    return json.dumps(json_schema(topic), indent=2) + "\n"


if __name__ == "__main__":
    for topic in (*DECISION_TOPICS, SEGMENT_CALLS, INTERNAL_TOPIC):
        (HERE / f"{topic}.schema.json").write_text(text(topic), encoding="utf-8")
