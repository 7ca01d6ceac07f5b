"""The contracts as data: each output topic's Avro schema (`schemas/TOPIC.avsc`) and what can be read off it."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent

# Fields that every decision has, before its topic's own ones (topology.md, "Outputs").
COMMON_FIELDS = ("id", "shopper", "effective_at", "decided_at", "cause", "definition", "silent", "source")

# They tell of the delivery, not of the decision: replay leaves them out unless asked for a trace.
DELIVERY_FIELDS = frozenset({"decided_at", "source"})

_PRIMITIVES = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


class ContractError(ValueError):
    """A decision does not fit the contract of its topic: a defect of the rule that made it, never of its input."""


@dataclass(frozen=True, slots=True)
class Contract:
    """One output topic. schema: its Avro schema; defaults: its own fields that may be left out, and what stands then;
    own: its own fields, in order; names: the same as a set; instants: those of them that are ms in a Decision and
    RFC 3339 in JSON; nested: those that are arrays or records. inner: the same instants within records, as paths."""

    topic: str
    schema: dict[str, Any]
    own: tuple[str, ...]
    names: frozenset[str]
    defaults: dict[str, Any]
    instants: tuple[str, ...]
    nested: tuple[str, ...]
    inner: tuple[tuple[str, ...], ...] = ()


def is_instant(schema: Any) -> bool:
    """Whether an Avro schema is a timestamp, or a nullable one."""
    if isinstance(schema, list):
        return any(is_instant(branch) for branch in schema)
    return isinstance(schema, dict) and schema.get("logicalType") == "timestamp-millis"


def _is_nested(schema: Any) -> bool:
    if isinstance(schema, list):
        return any(_is_nested(branch) for branch in schema)
    if isinstance(schema, str):
        # Any other name is that of a record that an earlier field has defined.
        return schema not in _PRIMITIVES
    return schema["type"] in ("array", "map", "record")


def _instants(fields: list[dict[str, Any]]) -> Iterator[tuple[str, ...]]:
    """Paths of all instants, through records; lists have none."""
    for field in fields:
        branches = field["type"] if isinstance(field["type"], list) else [field["type"]]
        if is_instant(branches):
            yield (field["name"],)
        for branch in branches:
            if isinstance(branch, dict) and branch["type"] == "record":
                yield from ((field["name"], *path) for path in _instants(branch["fields"]))


@cache
def contract(topic: str) -> Contract:
    """The contract of a topic, by its logical name. Raises ContractError if there is none."""
    path = HERE / f"{topic}.avsc"
    if not path.is_file():
        raise ContractError(f"no contract for topic {topic}: {path.name} is missing in schemas/")
    schema = json.loads(path.read_text(encoding="utf-8"))
    own = [field for field in schema["fields"] if field["name"] not in COMMON_FIELDS]
    return Contract(
        topic=topic,
        schema=schema,
        own=tuple(field["name"] for field in own),
        names=frozenset(field["name"] for field in own),
        defaults={field["name"]: field["default"] for field in own if "default" in field},
        instants=tuple(field["name"] for field in own if is_instant(field["type"])),
        nested=tuple(field["name"] for field in own if _is_nested(field["type"])),
        inner=tuple(path for path in _instants(own) if len(path) > 1),
    )
