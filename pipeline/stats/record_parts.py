"""A shopper record taken apart: how many of its bytes are of which part."""

from collections.abc import Mapping

import msgspec

from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Shopping

FRAME = "frame"
"""The format byte, and what holds the fields together."""

PARTS: Mapping[str, tuple[str, ...]] = {
    "times": (
        "format",
        "now",
        "due",
        "plan",
        "created",
        "segments_due",
        "orders_due",
        "abandonment_due",
        "loyalty_due",
    ),
    "message ids": ("ids_since", "ids", "old_ids"),
    "identity": ("identity", "past"),
    "visits": ("sessions", "recent_visits", "pace"),
    "windows": ("windows",),
    "memberships": ("memberships",),
    "first and last": ("observations",),
    "traits": ("traits", "anonymous", "locale"),
    "orders": ("orders", "filed_orders", "refund_keys", "parked", "early_updates"),
    "carts": ("carts",),
    "abandonment": ("views", "instances", "cooldowns"),
    "loyalty": ("standings",),
    "stage and computed traits": ("derived",),
    "consent": ("consent",),
    "messages": ("messages",),
}
"""Fields of Shopper and of Shopping, by what they are for."""

_SHOPPING = frozenset(Shopping.__struct_fields__)

_encode = msgspec.msgpack.Encoder().encode
_NOTHING = _encode(None)


def part_sizes(shopper: Shopper, size: int) -> dict[str, int]:
    """Bytes by part, 0 for those that the record lacks; they add up to `size`, that of the whole record as stored."""
    lacking = _SHOPPING if _encode(shopper.shopping) == _NOTHING else frozenset()
    sizes = {
        part: sum(len(_encode(getattr(shopper, field))) for field in fields if field not in lacking)
        for part, fields in PARTS.items()
    }
    sizes[FRAME] = size - sum(sizes.values())
    return sizes
