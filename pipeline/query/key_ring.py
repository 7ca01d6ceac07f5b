"""Who may ask what: keys of the query API, and what each may see."""

import hashlib
from collections.abc import Mapping
from enum import IntEnum

BEARER = "bearer"


class Scope(IntEnum):
    """Each includes those before it. READ: all but personal data. PERSONAL: traits, computed texts, addresses and
    payloads too. ADMIN: where partitions are and how far they have come."""

    READ = 1
    PERSONAL = 2
    ADMIN = 3


class Unauthorized(Exception):
    """No key, or one that nobody gave out."""


class KeyRing:
    """Keys are compared by their digests, so that how long it takes tells nothing of them."""

    def __init__(self, keys: Mapping[str, str]) -> None:
        """keys: name of the scope by key."""
        self._scopes = {_digest(key): Scope[scope.upper()] for key, scope in keys.items()}

    def holder(self, authorization: str) -> tuple[bytes, Scope]:
        """authorization: the header, `Bearer KEY`. What to count requests of this key by, and its scope. Raises
        Unauthorized."""
        scheme, _, key = authorization.partition(" ")
        digest = _digest(key.strip())
        scope = self._scopes.get(digest)
        if scheme.lower() != BEARER or scope is None:
            raise Unauthorized
        return digest, scope


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
