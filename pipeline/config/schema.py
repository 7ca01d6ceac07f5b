"""The JSON Schema of topology.yaml, for editors. `python -m pipeline.config` writes it."""

import json
from decimal import Decimal
from pathlib import Path
from typing import Any

from pipeline.config.duration import DURATION_PATTERN, format_duration
from pipeline.config.library import names, standard
from pipeline.config.parameter import Parameter
from pipeline.config.quantity import format_micro
from pipeline.config.topology import Topology

SCHEMA = Path("schemas/topology.schema.json")

_VARIABLE = {"type": "string", "pattern": r"\$\{.+"}


def schema() -> dict[str, Any]:
    """JSON Schema (2020-12) of the language as written: durations as text, money as decimals, `${NAME}` anywhere."""
    made = Topology.model_json_schema()
    definitions = {name: _written(each) for name, each in sorted(made.pop("$defs").items())}
    # A condition has exactly one key.
    definitions["Condition"].update(minProperties=1, maxProperties=1)
    definitions["Segment"].update(_inclusions())
    del definitions["Segment"]["required"]
    top = _written(made)
    top.update(title="Afterclick topology", description="What to decide, and where it flows.")
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **top, "$defs": definitions}


def text() -> str:
    """The schema as it is checked in."""
    return json.dumps(schema(), indent=2, ensure_ascii=False) + "\n"


def default(written: dict[str, Any]) -> Any:
    """The default of a property as one would write it; None if it has none worth naming."""
    value = written.get("default")
    kind = str(written.get("title", ""))
    if isinstance(value, dict) or value in (None, [], ()):
        return None
    if isinstance(value, int) and kind.startswith("duration"):
        return format_duration(value)
    if isinstance(value, int) and kind == "number":
        return json.loads(format_micro(value))
    return value


def _inclusions() -> dict[str, Any]:
    """What a segment may be: a condition, or a standard segment with just the parameters that it takes."""
    choices = []
    for name in names():
        taken = standard(name)
        parameters = {key: _parameter(each) for key, each in taken.parameters.items()}
        given = {"properties": parameters, "additionalProperties": False, "required": taken.required()}
        needed = ["with"] if taken.required() else []
        choices.append(
            {
                "if": {"properties": {"library": {"const": name}}, "required": ["library"]},
                "then": {"properties": {"with": given}, "required": needed},
            }
        )
    return {
        "oneOf": [
            {"required": ["when"], "properties": {"with": False}},
            {"required": ["library"], "properties": {"library": {"enum": list(names())}}},
        ],
        "allOf": choices,
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    about = {"description": parameter.about}
    if parameter.default is not None:
        about["default"] = _number(parameter.default)
    match parameter.type:
        case "duration":
            kind: dict[str, Any] = {"type": "string", "pattern": DURATION_PATTERN}
        case "text":
            kind = {"type": "string"}
        case "months":
            month = {"type": "integer", "minimum": 1, "maximum": 12}
            return {**about, "anyOf": [month, {"type": "array", "items": month, "minItems": 1, "maxItems": 11}]}
        case "texts":
            return {**about, "anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        case number:
            ends = {"minimum": parameter.least, "maximum": parameter.most}
            kind = {"type": "integer" if number == "whole number" else "number"}
            kind |= {key: _number(end) for key, end in ends.items() if end is not None}
    return _with_variable({**about, **kind})


def _number(value: Any) -> Any:
    """A number as JSON has it; any other value as it is."""
    return json.loads(str(value)) if isinstance(value, Decimal) else value


def _written(node: Any) -> Any:
    """A schema without what is pydantic's alone: null for "left out", titles made of names, defaults in inner units."""
    if isinstance(node, list):
        return [_written(each) for each in node]
    if not isinstance(node, dict):
        return node
    kept = {key: _written(value) for key, value in node.items() if key not in ("default", "title", "properties")}
    if "propertyNames" in node:
        kept["propertyNames"] = node["propertyNames"]
    if "properties" in node:
        kept["properties"] = {name: _written(value) for name, value in node["properties"].items()}
    if (value := default(node)) is not None:
        kept["default"] = value
    if "patternProperties" in kept:
        kept["additionalProperties"] = False
    return _with_variable(_without_null(kept))


def _without_null(node: dict[str, Any]) -> dict[str, Any]:
    options = node.get("anyOf")
    if not isinstance(options, list) or {"type": "null"} not in options:
        return node
    options = [option for option in options if option != {"type": "null"}]
    rest = {key: value for key, value in node.items() if key != "anyOf"}
    return {**options[0], **rest} if len(options) == 1 else {**rest, "anyOf": options}


def _with_variable(node: dict[str, Any]) -> dict[str, Any]:
    """Let a variable of the environment stand where a number, a boolean, or not just any text is wanted."""
    narrow = node.get("type") in ("integer", "number", "boolean") or not node.keys().isdisjoint({"enum", "pattern"})
    if "anyOf" in node or not narrow:
        return node
    about: dict[str, Any] = {key: node[key] for key in ("description", "examples", "default") if key in node}
    return {**about, "anyOf": [{key: value for key, value in node.items() if key not in about}, _VARIABLE]}
