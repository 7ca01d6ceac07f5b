"""The request: the call that has a shopper erased, as a client would send it."""

import msgspec

from pipeline.domain.erasure_definition import SHOPPER_ERASED
from pipeline.domain.value.instant import format_instant


def request_call(shopper: str, request: str, at: int, reason: str | None = None, *, dated: bool = False) -> bytes:
    """A value of the clickstream. request: its message id, by which the receipt tells it from others. at: ms. dated:
    the call itself says when it was received (`time.received: field`)."""
    call = {
        "type": "track",
        "event": SHOPPER_ERASED,
        "userId": shopper,
        "messageId": request,
        "timestamp": format_instant(at),
        "properties": {} if reason is None else {"reason": reason},
    }
    if dated:
        call["receivedAt"] = format_instant(at)
    return msgspec.json.encode(call)
