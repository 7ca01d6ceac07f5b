"""The body of a call: what makes two copies of a message the same, whatever their delivery (readings.md, 7)."""

from typing import Any

import msgspec

from pipeline.domain.intake.refusal import UNDECODABLE, RefusedCall

# They tell of the delivery, as do sentAt, receivedAt and originalTimestamp; a message id is what bodies are compared
# under. The write key stands in the body of single calls and in the envelope of batches.
DELIVERY = ("writeKey", "_metadata")

_json = msgspec.json.Encoder(order="deterministic").encode
_msgpack = msgspec.msgpack.Encoder().encode
_LARGEST = 2**64


def encode(value: dict[str, Any]) -> bytes:
    """Compact JSON with sorted keys: equal values are equal bytes, however they were written."""
    return _json(value)


def encode_kept(value: dict[str, Any]) -> bytes:
    """As `encode`, of properties or traits, parts of which are kept in shopper records: whole numbers beyond 64 bits,
    which records cannot hold, become floats, in `value` too.

    Raises RefusedCall `undecodable` for a number beyond even those, as if it had been written 1e999.
    """
    try:
        _msgpack(value)
    except OverflowError:
        _bound(value)
    return _json(value)


def _bound(value: Any) -> None:
    """Replace, in place, whole numbers beyond 64 bits. Depth is bounded by intake."""
    for place, element in list(value.items() if isinstance(value, dict) else enumerate(value)):
        if isinstance(element, (dict, list)):
            _bound(element)
        elif type(element) is int and not -_LARGEST // 2 <= element < _LARGEST:
            try:
                value[place] = float(element)
            except OverflowError:
                raise RefusedCall(UNDECODABLE, "a number beyond all bounds") from None
