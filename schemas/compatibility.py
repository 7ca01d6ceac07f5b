"""Whether a contract may follow a released one: readers of each must read what the other writes.

Stricter than Avro in one point: what was released stays. By Avro's rules a nullable field may be renamed, and its
readers would see null from then on without an error.
"""

import json
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
from fastavro.read import SchemaResolutionError

from schemas.contract import HERE, is_instant

RELEASED = HERE / "released"
"""A folder for each released version of the contracts: `released/1/TOPIC.avsc`, never changed afterwards."""

_PLAIN: dict[str, list[Any]] = {
    "null": [None],
    "boolean": [True, False],
    "string": ["", "ä"],
    "int": [0, 2**31 - 1],
    "long": [0, 2**63 - 1],
    "double": [0.5, -1e300],
}
_INSTANTS = [0, 1_767_434_400_123]


def released(topic: str) -> dict[int, dict[str, Any]]:
    """The topic's released schemas by version."""
    paths: Iterator[Path] = RELEASED.glob(f"*/{topic}.avsc")
    return {int(path.parent.name): json.loads(path.read_text(encoding="utf-8")) for path in paths}


def breaks(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a change of a schema would break, as sentences; empty if it may be released."""
    problems = [f"{what} is gone" for what in sorted(_stated(old) - _stated(new))]
    problems += _unread(new, old, "a reader of the previous version fails on a new record")
    problems += _unread(old, new, "a new reader fails on a record of the previous version")
    return problems


def examples(schema: Any, names: dict[str, Any] | None = None) -> list[Any]:
    """Values of an Avro schema that together take every branch of its unions and every symbol of its enums."""
    names = {} if names is None else names
    if isinstance(schema, list):
        return [value for branch in schema for value in examples(branch, names)]
    if isinstance(schema, str):
        return examples(names[schema], names) if schema in names else list(_PLAIN[schema])
    kind = schema["type"]
    if kind in ("record", "enum"):
        names[schema["name"]] = schema
    if is_instant(schema):
        return list(_INSTANTS)
    if kind == "enum":
        return list(schema["symbols"])
    if kind == "array":
        return [[], examples(schema["items"], names)]
    if kind != "record":
        return examples(kind, names)
    fields = {field["name"]: examples(field["type"], names) for field in schema["fields"]}
    count = max(len(values) for values in fields.values())
    return [{name: values[i % len(values)] for name, values in fields.items()} for i in range(count)]


def _stated(schema: Any, path: str = "") -> set[str]:
    """Every field and every symbol of a schema, by where it stands."""
    if isinstance(schema, list):
        return set().union(*(_stated(branch, path) for branch in schema))
    if not isinstance(schema, dict):
        return set()
    found = {f"symbol {path}={symbol}" for symbol in schema.get("symbols", ())}
    for field in schema.get("fields", ()):
        inner = f"{path}.{field['name']}".lstrip(".")
        found |= {f"field {inner}"} | _stated(field["type"], inner)
    return found | _stated(schema.get("items"), path) | _stated(_nested(schema), path)


def _nested(schema: dict[str, Any]) -> Any:
    return schema["type"] if isinstance(schema["type"], dict | list) else None


def _unread(writer: dict[str, Any], reader: dict[str, Any], complaint: str) -> list[str]:
    """Write examples with one schema and read them with the other; the first trouble, if any."""
    written, wanted = fastavro.parse_schema(writer), fastavro.parse_schema(reader)
    for example in examples(writer):
        out = BytesIO()
        fastavro.schemaless_writer(out, written, example)
        try:
            read = fastavro.schemaless_reader(BytesIO(out.getvalue()), written, wanted)
        except (SchemaResolutionError, ValueError, TypeError, KeyError, OverflowError) as error:
            return [f"{complaint}: {error}".rstrip(": ")]
        meant = fastavro.schemaless_reader(BytesIO(out.getvalue()), written, None)
        if changed := _changed(meant, read):
            return [f"{complaint}: it reads {changed} otherwise than it was written"]
    return []


def _changed(meant: Any, read: Any, path: str = "") -> str:
    """The first place where both have a value, but not the same one; "unknown" stands for newer symbols."""
    if isinstance(meant, dict) and isinstance(read, dict):
        shared = [name for name in meant if name in read]
        places = (_changed(meant[name], read[name], f"{path}.{name}".lstrip(".")) for name in shared)
        return next(filter(None, places), "")
    if isinstance(meant, list) and isinstance(read, list) and len(meant) == len(read):
        return next(filter(None, (_changed(a, b, path) for a, b in zip(meant, read, strict=True))), "")
    return "" if meant == read or read == "unknown" else path
