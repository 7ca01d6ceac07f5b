"""The log of grafts, `NAME.backfill`, and how far a partition has taken it in.

For each partition of shoppers one transaction a run: a head, one graft a shopper (key: shopper id; value: MessagePack),
and a seal. Read committed, a head is therefore followed by all of its grafts and its seal.
"""

import msgspec

from pipeline.domain.graft import Graft
from pipeline.runtime.gap import Gap

HEAD_KEY, SEAL_KEY = b"\x00head", b"\x00seal"
LOG_FORMAT = 1


class Head(msgspec.Struct, frozen=True, gc=False):
    """What the grafts behind it are.

    gaps: those that they fill, as the checkpoint has them. first: the first offset that is retained. at: received time,
    ms, of the first event that was read there; files_at: of the first in files, which were to have all of before, 0 =
    there was none. until: next offset behind the last that was read. shoppers: how many grafts.
    """

    gaps: tuple[Gap, ...]
    first: int
    at: int
    files_at: int
    until: int
    shoppers: int
    format: int = LOG_FORMAT


class Grafting(msgspec.Struct, frozen=True, gc=False):
    """How far the log is taken in. offset: the next one of it. head: of the run that is being taken in, its gaps those
    that the partition had when it began; None = between two. joined: grafts of it taken so far. runs: how many there
    were that filled something."""

    offset: int = 0
    head: Head | None = None
    joined: int = 0
    runs: int = 0


class LogError(ValueError):
    """Not written by a version that this one knows."""


_encoder, _packer = msgspec.json.Encoder(), msgspec.msgpack.Encoder()
_decode_head = msgspec.json.Decoder(Head).decode
_decode_graft = msgspec.msgpack.Decoder(Graft).decode


def encode_head(head: Head) -> bytes:
    return _encoder.encode(head)


def decode_head(value: bytes) -> Head:
    """Raises LogError."""
    try:
        head = _decode_head(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"not a head of grafts: {error}") from error
    if head.format > LOG_FORMAT:
        raise LogError(f"grafts of format {head.format}, this version knows {LOG_FORMAT}: run a newer one")
    return head


def encode_graft(graft: Graft) -> bytes:
    return _packer.encode(graft)


def decode_graft(value: bytes) -> Graft:
    """Raises LogError."""
    try:
        return _decode_graft(value)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise LogError(f"not a graft: {error}") from error
