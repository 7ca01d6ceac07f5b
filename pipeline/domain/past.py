"""What is left of an earlier record of the same id, and when this one ends."""

import hashlib
import hmac

import msgspec


class Past(msgspec.Struct, array_like=True, gc=False):
    """Part of the shopper record; of an erased shopper it is all there is, kept under the id's digest. Instants in ms.

    epoch: tells the ids of this record's decisions from those of an earlier one, 0 of the first. erased_at: what
    happened up to then counts for nothing; 0 of who never was erased. erasures: receipts of erasures so far. asked:
    fingerprint of the message id of the latest request. suppressed: nothing is taken. gone: there is no record; set by
    what ends it, for those who store it. seen: the latest event, expires: when the record ends without another one;
    both 0 where records do not end.
    """

    epoch: int = 0
    erased_at: int = 0
    erasures: int = 0
    asked: int = 0
    suppressed: bool = False
    gone: bool = False
    seen: int = 0
    expires: int = 0


def left_of(past: Past | None) -> Past | None:
    """What an earlier erasure leaves to whoever is there under the id now; None without one."""
    if past is None or not past.erased_at:
        return None
    return Past(past.erased_at, past.erased_at, past.erasures, past.asked)


def digest_of(pepper: str, tenant: str, shopper: str) -> str:
    """What stands for an id that must not be kept: 128 bits of HMAC-SHA-256 under the pepper, as hex."""
    return hmac.new(pepper.encode(), f"{len(tenant)}:{tenant}{shopper}".encode(), hashlib.sha256).hexdigest()[:32]
