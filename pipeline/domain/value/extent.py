"""How much of what a client sends is kept: a shopper's record has a bound, whatever it is (docs/rules.md, "Bounds")."""

from typing import Any

import msgspec

# Values of one event that one rule takes of a property, the first ones; more are counted as `values_truncated`.
ELEMENTS = 200
# Bytes (MessagePack) of a value that is kept as it was sent; longer ones are counted as `value_too_large`.
KEPT_BYTES = 8 * 1024

_encode = msgspec.msgpack.Encoder().encode


def fits(value: Any) -> bool:
    """Whether a JSON value is short enough to be kept."""
    if type(value) is str:
        return len(value) <= KEPT_BYTES // 4 or len(value.encode()) <= KEPT_BYTES
    if type(value) is dict or type(value) is list:
        return len(_encode(value)) <= KEPT_BYTES
    return True
