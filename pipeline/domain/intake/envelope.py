"""Values as they stand in the clickstream: one call, or a batch of calls in an envelope (wire-format.md, 3.1)."""

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from pipeline.domain.intake.refusal import NOT_AN_OBJECT, TOO_DEEP, UNDECODABLE, RefusedCall

# Bytes of one value.
LIMIT = 1024 * 1024
# Levels of objects and arrays in one call, the call itself being the first.
DEPTH = 64
# Levels at which a whole value is refused, far below where the decoder would run out of stack.
VALUE_DEPTH = 256

BATCH_KEY = b'"batch"'
# Looking for a byte by its number takes a fifth of looking for bytes.
_BRACKET = ord("[")

_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*+"|[\[{]|[\]}]', re.DOTALL)


class Envelope(msgspec.Struct, gc=False):
    """What calls of a batch inherit. batch: the calls, JSON bytes, empty if this is no batch."""

    batch: msgspec.Raw = msgspec.Raw()
    sentAt: Any = None
    receivedAt: Any = None
    context: Any = None


SINGLE = Envelope()

_envelope_decoder = msgspec.json.Decoder(Envelope)
_batch_decoder = msgspec.json.Decoder(list[msgspec.Raw])
_object_decoder = msgspec.json.Decoder(dict[str, Any])
_any_decoder = msgspec.json.Decoder()


def open_envelope(value: bytes) -> tuple[Envelope, list[bytes] | None]:
    """The envelope and the bytes of its calls; None instead of them if `value` is a single call.

    Raises RefusedCall if it is neither: `undecodable`, `not_an_object`, `too_deep`.
    """
    try:
        envelope = _envelope_decoder.decode(value)
        if bytes(envelope.batch) in (b"", b"null"):
            return envelope, None
        calls = _batch_decoder.decode(envelope.batch)
    except RecursionError:
        raise RefusedCall(TOO_DEEP, f"more than {VALUE_DEPTH} levels") from None
    except msgspec.ValidationError:
        raise RefusedCall(NOT_AN_OBJECT, "no object, or its batch is no list") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise RefusedCall(UNDECODABLE, _place(error)) from None
    items = [bytes(call) for call in calls]
    if any(depth(item) > VALUE_DEPTH for item in items):
        raise RefusedCall(TOO_DEEP, f"more than {VALUE_DEPTH} levels")
    return envelope, items


def original_of(value: bytes, index: int) -> tuple[int | None, bytes]:
    """Place in its batch (None: no batch) and bytes of the call that was the `index`-th of what `value` came to."""
    if BATCH_KEY in value:
        try:
            items = open_envelope(value)[1]
        except RefusedCall:
            items = None
        if items is not None:
            return index, items[index]
    return None, value


def decode_call(value: bytes) -> dict[str, Any]:
    """One call as it stands.

    Raises RefusedCall: `undecodable` (no JSON, NaN, invalid UTF-8, a number beyond all bounds), `not_an_object`,
    `too_deep`.
    """
    if value.count(b"{") + (value.count(b"[") if _BRACKET in value else 0) > DEPTH and depth(value) > DEPTH:
        raise RefusedCall(TOO_DEEP, f"more than {DEPTH} levels")
    try:
        return _object_decoder.decode(value)
    except RecursionError:
        raise RefusedCall(TOO_DEEP, f"more than {DEPTH} levels") from None
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _why(value, error) from None


def _why(value: bytes, error: Exception) -> RefusedCall:
    try:
        whole = _any_decoder.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError):
        return RefusedCall(UNDECODABLE, _place(error))
    return RefusedCall(NOT_AN_OBJECT, f"a {type(whole).__name__}")


def _place(error: Exception) -> str:
    """Where decoding stopped, without the bytes that stood there."""
    if isinstance(error, UnicodeDecodeError):
        return f"invalid UTF-8 (byte {error.start})"
    return str(error)


def depth(value: bytes) -> int:
    """Levels of nesting."""
    deepest = level = 0
    for token in _TOKEN.finditer(value):
        byte = value[token.start()]
        if byte in b"[{":
            level += 1
            deepest = max(deepest, level)
        elif byte in b"]}":
            level -= 1
    return deepest


def inherit(envelope: Any, own: Any) -> dict[str, Any]:
    """The envelope's object with the call's own laid over it, at every level; what is no object counts for nothing."""
    if not isinstance(own, dict):
        own = {}
    merged: dict[str, Any] = dict(envelope) if isinstance(envelope, dict) else {}
    for key, value in own.items():
        under = merged.get(key)
        merged[key] = inherit(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def context_of(call: Mapping[str, Any], envelope: Envelope) -> dict[str, Any]:
    """The context of a call, laid over that of its batch."""
    own: Any = call.get("context")
    if envelope.context is None and type(own) is dict:
        return own
    return inherit(envelope.context, own) if own or envelope.context else {}
