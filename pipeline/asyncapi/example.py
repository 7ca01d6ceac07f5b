"""An example of a decision, made of its contract: what documents show where no real shopper may be shown."""

from collections.abc import Mapping
from typing import Any

from schemas.contract import contract, is_instant

_INSTANT = "2026-01-03T12:00:00.000Z"
_TEXTS = {
    "id": "0f3c9a1e5b7d42680f3c9a1e5b7d4268",
    "definition": "34e744978d69",
    "shopper": "kim",
    "currency": "EUR",
    "winner": "kim",
    "loser": "device-1",
    "url": "https://shop.example/cart",
    "image_url": "https://shop.example/shoes.png",
    "timezone": "Europe/Berlin",
    "locale": "de-DE",
    "addresses": "kim@example.com",
    "topic": "shopper-events",
}
_NUMBERS = {"amount": 2590, "offset": 42, "partition": 3, "of": 3, "balance": 120}


def example(topic: str, names: Mapping[str, str]) -> dict[str, Any]:
    """topic: of decisions, logical name. names: field -> a name of the topology that it may hold. Instants are texts,
    as in JSON."""
    return _record(contract(topic).schema, names, {})


def _record(schema: dict[str, Any], names: Mapping[str, str], known: dict[str, Any]) -> dict[str, Any]:
    known[schema["name"]] = schema
    return {field["name"]: _value(field["type"], field["name"], names, known) for field in schema["fields"]}


def _value(schema: Any, name: str, names: Mapping[str, str], known: dict[str, Any]) -> Any:
    if isinstance(schema, list):
        schema = next(branch for branch in schema if branch != "null")
    if is_instant(schema):
        return _INSTANT
    schema = known.get(schema, schema) if isinstance(schema, str) else schema
    kind = schema["type"] if isinstance(schema, dict) else schema
    if kind == "record":
        return _record(schema, names, known)
    if kind == "array":
        return [_value(schema["items"], name, names, known)]
    if kind == "enum":
        known[schema["name"]] = schema
        return next(symbol for symbol in schema["symbols"] if symbol != schema["default"])
    plain: dict[str, Any] = {
        "string": names.get(name) or _TEXTS.get(name) or f"{name.replace('_', '-')}-1",
        "boolean": False,
        "double": 1.0,
    }
    return plain[kind] if kind in plain else _NUMBERS.get(name, 1)
