"""Ids as sent: whose call it is, and which message."""

from typing import Any

from pipeline.domain.intake.refusal import INVALID_ID, MISSING_ID, RefusedCall

# Bytes of UTF-8. Ids become Kafka keys and keys of the store.
LIMIT = 512
_SHORT = LIMIT // 4


def identifier(value: Any, field: str) -> str | None:
    """The id as text, None if there is none (null, empty, blank). Whole numbers are ids too.

    Raises RefusedCall `invalid_id` for other types, control characters, and more than 512 bytes.
    """
    if type(value) is str:
        if len(value) <= _SHORT and value.isprintable() and value and not value.isspace():
            return value
        if not value or value.isspace():
            return None
        if len(value) > LIMIT or len(value.encode()) > LIMIT:
            raise RefusedCall(INVALID_ID, f"{field} is longer than {LIMIT} bytes")
        if any(character < " " or "\x7f" <= character <= "\x9f" for character in value):
            raise RefusedCall(INVALID_ID, f"{field} has control characters")
        return value
    if value is None:
        return None
    if type(value) is int:
        return identifier(str(value), field) if abs(value) < 10**LIMIT else _refuse(field)
    return _refuse(field)


def _refuse(field: str) -> str:
    raise RefusedCall(INVALID_ID, f"{field} is no text or whole number")


def anonymous(call: dict[str, Any]) -> str:
    """The shopper of a call without a user id. Raises RefusedCall `missing_id` or `invalid_id`."""
    shopper = identifier(call.get("anonymousId"), "anonymousId")
    if shopper is None:
        raise RefusedCall(MISSING_ID, "neither userId nor anonymousId")
    return shopper
