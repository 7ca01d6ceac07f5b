"""RudderStack: Segment's bodies, with the anonymous id and the time of sending in headers too (wire-format.md, 2)."""

import base64
import binascii

from pipeline.collector.wire import segment
from pipeline.collector.wire.request import Opened, WireRequest

PATHS = segment.PATHS


def recognises(request: WireRequest) -> bool:
    """Only its browser SDK differs from Segment on the wire; its other SDKs are read as Segment's."""
    return "anonymousid" in request.headers or "sentat" in request.headers


def opened(request: WireRequest) -> Opened:
    """As Segment's, what the body leaves out taken from the headers. Raises Rejected."""
    found = segment.opened(request)
    anonymous, sent = _decoded(request.headers.get("anonymousid")), request.headers.get("sentat")
    for call in found.calls:
        if isinstance(call, bytes):
            continue
        if anonymous and not call.get("anonymousId") and not call.get("userId"):
            call["anonymousId"] = anonymous
        if sent and call.get("sentAt") is None:
            call["sentAt"] = sent
    return found


def _decoded(header: str | None) -> str | None:
    try:
        return base64.b64decode(header, validate=True).decode() if header else None
    except (binascii.Error, ValueError):
        return None
