"""Segment: analytics.js, Node, Python, HTTP API; single calls and batches (wire-format.md, 2 and 3.1)."""

from pipeline.collector.wire.request import Call, Opened, WireRequest, mapping, opened_object, text
from pipeline.domain.intake.envelope import inherit

_LETTERS = {"t": "track", "i": "identify", "p": "page", "s": "screen", "g": "group", "a": "alias"}
_TYPES = frozenset(_LETTERS.values())

PATHS = tuple(f"/v1/{name}" for name in (*sorted(_TYPES), *sorted(_LETTERS), "batch", "b", "import"))


def opened(request: WireRequest) -> Opened:
    """The calls of a single body or of a batch. Raises Rejected.

    Calls of a batch inherit sentAt, context and integrations; the call's own win. A call of a single path may leave
    its type to the path.
    """
    body = opened_object(request.body)
    key = text(body.get("writeKey"))
    batch = body.get("batch")
    if type(batch) is list:
        return Opened(key, [inherited(body, item) for item in batch])
    name = request.path.rpartition("/")[2]
    kind = _LETTERS.get(name, name)
    if kind in _TYPES and not body.get("type"):
        body["type"] = kind
    return Opened(key, [body])


def inherited(envelope: Call, item: object) -> Call | bytes:
    """An item of a batch with what it has of its envelope; `null` if it is no call."""
    if type(item) is not dict:
        return b"null"
    if item.get("sentAt") is None and envelope.get("sentAt") is not None:
        item["sentAt"] = envelope["sentAt"]
    for name in ("context", "integrations"):
        if mapping(envelope.get(name)):
            item[name] = inherit(envelope[name], item.get(name))
    return item
