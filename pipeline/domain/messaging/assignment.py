"""Who gets which variant, and who gets nothing: by stable hashing (semantics.md, part 8).

What a shopper was given once stays: other weights, or another share of the holdout, move only those who have seen none.
"""

from itertools import accumulate

import xxhash

from pipeline.domain.correspondence import Correspondence
from pipeline.domain.message_definition import SHARES, Holdout
from pipeline.domain.segments.window import fingerprint


def bucket(tenant: str, salt: str, shopper: str) -> int:
    """The shopper's place among SHARES, other places for another salt."""
    spelled = "".join(f"{len(part)}:{part}" for part in (tenant, salt, shopper))
    return xxhash.xxh3_64_intdigest(spelled.encode()) % SHARES


class Control:
    """The holdout: shoppers who get no marketing, so that what messages do can be measured against them."""

    __slots__ = ("_holdout", "key")

    def __init__(self, holdout: Holdout) -> None:
        self._holdout = holdout
        self.key = fingerprint(("holdout", holdout.salt))

    def holds(self, correspondence: Correspondence, tenant: str, shopper: str) -> bool:
        """Whether the shopper is in it; drawn when a message first comes to be decided, and kept."""
        held = correspondence.held_out.get(self.key)
        if held is None:
            held = bucket(tenant, f"holdout:{self._holdout.salt}", shopper) < self._holdout.share
            correspondence.held_out[self.key] = held
        return held


def variant_of(
    correspondence: Correspondence, message: str, variants: tuple[tuple[str, int], ...], tenant: str, shopper: str
) -> str | None:
    """The variant of a message that is decided now, kept from then on; None of a message without variants."""
    if not variants:
        return None
    known = correspondence.variants.get(message)
    if known is not None and any(name == known for name, _ in variants):
        return known
    place = bucket(tenant, f"variant:{message}", shopper)
    ends = accumulate(share for _, share in variants)
    drawn = next(name for (name, _), end in zip(variants, ends, strict=True) if place < end)
    correspondence.variants[message] = drawn
    return drawn
