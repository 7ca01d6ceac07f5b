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


def take_message(shopper: Shopper, message_id: str, body: int, now: int) -> str | None:
    """Remember a message; `duplicate` or `duplicate_mismatch` (other body) if its id is known.

    Ids live in two generations of at least KEEP (7 days) each, 12 bytes an id: 64 bits of the id, 32 of the body.
    """
    name = xxhash.xxh3_64_digest(message_id.encode())
    mark = body.to_bytes(4, "big")
    for ids in (shopper.ids, shopper.old_ids):
        found = ids.find(name)
        while found >= 0:
            if found % WIDTH == 0:
                return "duplicate" if ids[found + 8 : found + WIDTH] == mark else "duplicate_mismatch"
            found = ids.find(name, found + 1)
    if now - shopper.ids_since >= KEEP or len(shopper.ids) >= LIMIT * WIDTH:
        # After two quiet generations nothing young enough is left to move down.
        shopper.old_ids = shopper.ids if now - shopper.ids_since < 2 * KEEP else b""
        shopper.ids, shopper.ids_since = b"", now
    shopper.ids += name + mark
    return None
