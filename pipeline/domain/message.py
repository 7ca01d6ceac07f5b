"""Message ids: each counts once per shopper, the first one received (semantics.md, part 1; readings.md, 7).

Kept in the shopper record rather than per producer key, so that it is exact however the clickstream is partitioned.
"""

import xxhash

from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY

KEEP = 7 * DAY
WIDTH = 12
# Ids kept in one generation; a shopper busier than this turns generations early and is remembered for less than KEEP.
LIMIT = 1_000
FULL = LIMIT * WIDTH


def take_message(shopper: Shopper, message_id: str, body: int, now: int) -> str | None:
    """Remember a message; `duplicate` or `duplicate_mismatch` (other body) if its id is known.

    Ids live in two generations of at least KEEP (7 days) each, 12 bytes an id: 64 bits of the id, 32 of the body.
    """
    name = xxhash.xxh3_64_digest(message_id.encode())
    young, old = shopper.ids, shopper.old_ids
    if (young and young.find(name) >= 0) or (old and old.find(name) >= 0):
        known = _mark_of(name, young) or _mark_of(name, old)
        if known:
            return "duplicate" if known == body.to_bytes(4) else "duplicate_mismatch"
    if now - shopper.ids_since >= KEEP or len(young) >= FULL:
        # After two quiet generations nothing young enough is left to move down.
        shopper.old_ids = young if now - shopper.ids_since < 2 * KEEP else b""
        young, shopper.ids_since = b"", now
    shopper.ids = young + name + body.to_bytes(4)
    return None


def _mark_of(name: bytes, ids: bytes) -> bytes:
    """The mark that stands behind a name; empty if none does: the same bytes elsewhere are parts of other entries."""
    found = ids.find(name)
    while found >= 0:
        if found % WIDTH == 0:
            return ids[found + 8 : found + WIDTH]
        found = ids.find(name, found + 1)
    return b""
