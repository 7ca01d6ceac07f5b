"""What every wire format is given, and how bodies are opened."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

# Bytes of one event, and of one request after decompression (wire-format.md, 2).
EVENT_LIMIT = 32 * 1024
BATCH_LIMIT = 500 * 1024
# Fields of a query, or of one event written as one: an event of gtag's may name 200 items.
FIELD_LIMIT = 512

Call = dict[str, Any]

_object = msgspec.json.Decoder(dict[str, Any]).decode
_any = msgspec.json.Decoder().decode


class Rejected(Exception):
    """A request that is not taken. status: of HTTP. code: stable, for programs. message: holds nothing of the body."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True)
class WireRequest:
    """A request without its transport. path: as `/v1/track`. headers: names in small letters. body: decompressed."""

    path: str
    body: bytes
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Opened:
    """What a request came to. write_key: as the client names it, None = it names none. calls: in their order; bytes
    are an item that is no call, for intake to refuse."""

    write_key: str | None
    calls: list[Call | bytes]


def opened_object(body: bytes) -> Call:
    """The JSON object that a body is. Raises Rejected (400): such a client would send it again for ever; RecursionError
    where the decoder runs out of levels, some hundreds. What it takes in may still be too deep for intake, which
    refuses calls one by one."""
    try:
        return _object(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(400, "invalid_json", "The body is no JSON object.") from None


def opened_value(body: bytes) -> Any:
    """The JSON value that a body is, of any kind. Raises as `opened_object`."""
    try:
        return _any(body)
    except (msgspec.DecodeError, UnicodeDecodeError):
        raise Rejected(400, "invalid_json", "The body is no JSON.") from None


def mapping(value: Any) -> dict[str, Any]:
    """The value if it is an object, else an empty one."""
    return value if type(value) is dict else {}


def text(value: Any) -> str | None:
    """The value if it is text with something in it."""
    return value if type(value) is str and value else None


def present(**fields: Any) -> dict[str, Any]:
    """The fields that are not None."""
    return {name: value for name, value in fields.items() if value is not None}
