"""Calls as they go onto the log: one a record, keyed so that a visitor's calls stay in order."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

import msgspec

from pipeline.collector.wire.request import EVENT_LIMIT, Call
from pipeline.domain.intake.envelope import inherit

_json = msgspec.json.Encoder().encode
_NOTHING: Mapping[str, Any] = {}


class Record(NamedTuple):
    """received: ms since 1970 by the collector's clock, the record's own timestamp."""

    key: bytes
    value: bytes
    received: int


class Recorder:
    """Makes records of calls.

    fresh_id: a new unique id, for calls that tell neither a message id nor a time: two of them may be equal and yet be
    two events. address: whether `context.ip` is kept. client: the sender's address, stored only if address is set.
    """

    def __init__(self, fresh_id: Callable[[], str], address: bool = False) -> None:
        self._fresh_id = fresh_id
        self._address = address

    def records(
        self, calls: Iterable[Call | bytes], received: int, client: str, told: Mapping[str, Any] = _NOTHING
    ) -> tuple[list[Record], int]:
        """Records in the calls' order, and how many calls were left out for being larger than 32 KB. told: context that
        the request tells of (header.py); what a call says itself stands."""
        made, oversize = [], 0
        for call in calls:
            value = call if isinstance(call, bytes) else _json(self._complete(call, client, told))
            if len(value) > EVENT_LIMIT:
                oversize += 1
            else:
                made.append(Record(_key(call), value, received))
        return made, oversize

    def _complete(self, call: Call, client: str, told: Mapping[str, Any]) -> Call:
        context = call.get("context")
        strip(call, address=not self._address)
        if self._address and client and (context is None or (type(context) is dict and not context.get("ip"))):
            call["context"] = {**(context or {}), "ip": client}
        if told and (context is None or type(context) is dict):
            call["context"] = inherit(told, call.get("context"))
        if not call.get("messageId") and call.get("timestamp") is None and call.get("originalTimestamp") is None:
            call["messageId"] = self._fresh_id()
        return call


def strip(call: Call, *, address: bool = True) -> None:
    """Take out of a call what is not to be stored: the write key, a credential; and with `address` the client's."""
    call.pop("writeKey", None)
    context = call.get("context")
    if address and type(context) is dict and "ip" in context:
        call["context"] = {name: value for name, value in context.items() if name != "ip"}


def _key(call: Call | bytes) -> bytes:
    """The anonymous id where there is one: it stays the same through a login, the user id does not."""
    if isinstance(call, bytes):
        return b""
    return _identifier(call.get("anonymousId")) or _identifier(call.get("userId"))


def _identifier(value: Any) -> bytes:
    if type(value) is str and len(value) <= 512:
        return value.encode()
    return str(value).encode() if type(value) is int and abs(value) < 10**512 else b""
