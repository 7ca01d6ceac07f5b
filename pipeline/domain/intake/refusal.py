"""Refusals: calls that cannot be taken, and the words for why."""

import msgspec

UNDECODABLE = "undecodable"
NOT_AN_OBJECT = "not_an_object"
UNKNOWN_TYPE = "unknown_type"
MISSING_ID = "missing_id"
INVALID_ID = "invalid_id"
BLOCKED_ID = "blocked_id"
MISSING_EVENT = "missing_event"
INVALID_PROPERTIES = "invalid_properties"
INVALID_TRAITS = "invalid_traits"
INVALID_TIME = "invalid_time"
ABSURD_TIME = "absurd_time"
INVALID_PRICE = "invalid_price"
INVALID_QUANTITY = "invalid_quantity"
INVALID_PRODUCTS = "invalid_products"
UNKNOWN_FEEDBACK = "unknown_feedback"
INVALID_FEEDBACK = "invalid_feedback"
OVERSIZE = "oversize"
TOO_DEEP = "too_deep"

NO_CALL = frozenset({UNDECODABLE, NOT_AN_OBJECT, UNKNOWN_TYPE})
"""Of values that are no client's call at all: a provider's webhook may be one."""


class Refusal(msgspec.Struct, gc=False):
    """A call that goes to the dead letters.

    reason: one of the words above, stable. original: bytes of the call (of the whole value if that cannot be told
    apart into calls). detail: for people; names fields, never quotes what stood in them. item: index in its batch.
    """

    reason: str
    original: bytes
    detail: str = ""
    item: int | None = None


class RefusedCall(Exception):
    """Raised where a rule of intake is broken; caught by `Intake.accept`, which knows the original bytes."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail
