"""Letters: what the records of one shopper tell those of another, as records of `shopper-events`."""

import msgspec

from pipeline.domain.definition import Plan
from pipeline.domain.event import Event

MARK = b"\x01"
"""What a value begins with that is a letter, and no event: no JSON does."""


class Handoff(msgspec.Struct, array_like=True, tag="handoff", gc=False):
    """The state of an anonymous id, for the user it is to become.

    loser: the anonymous id. user: who gets it. now: the instant of the loser's record, ms. merge: id of the merge.
    state: the loser's record as MessagePack; empty if there is nothing to take over. former: the user it was before,
    "" of none. declined: why it stays what it is; then nobody waits for an answer.
    """

    loser: str
    user: str
    now: int
    merge: str = ""
    state: bytes = b""
    former: str = ""
    declined: str = ""


class Receipt(msgspec.Struct, array_like=True, tag="receipt", gc=False):
    """The answer to a Handoff. taken: the user that the loser has become, "" if it stays what it is."""

    loser: str
    merge: str
    taken: str = ""


Item = Event | Handoff | Receipt
"""What a shopper's record is told."""


def has_letters(plan: Plan) -> bool:
    """Whether shoppers of the plan tell each other anything: who is who, or who buys as somebody's friend."""
    return plan.identities is not None or any(rule.also for one in plan.programmes for rule in one.earn)


class Letter(msgspec.Struct, gc=False):
    """to: whose record it is for."""

    to: str
    item: Item


_encode_event = msgspec.json.Encoder().encode
_decode_event = msgspec.json.Decoder(Event).decode
_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(Handoff | Receipt).decode


def encode_item(item: Item) -> bytes:
    """As the value of a record."""
    return _encode_event(item) if isinstance(item, Event) else MARK + _pack(item)


def decode_item(value: bytes) -> Item:
    """Raises msgspec.DecodeError, UnicodeDecodeError on what is none."""
    return _unpack(value[1:]) if value[:1] == MARK else _decode_event(value)
