"""Who gets which variant, and who gets nothing: by stable hashing (semantics.md, part 8).

What a shopper was given once stays: other weights, or another share of the holdout, move only those who have seen none.
"""

from collections.abc import Sequence

import xxhash

from pipeline.domain.correspondence import Correspondence
from pipeline.domain.message_definition import SHARES, Holdout, Layer
from pipeline.domain.segments.window import fingerprint

PLAIN, HELD_OUT = "", "*"
"""Arms in `Correspondence.variants` that are no variants: of who got a message without variants while others are held
out, and of who is held out. No variant is named so."""


def bucket(tenant: str, salt: str, shopper: str) -> int:
    """The shopper's place among SHARES, other places for another salt."""
    spelled = f"{len(tenant)}:{tenant}{len(salt)}:{salt}{len(shopper)}:{shopper}"
    return xxhash.xxh3_64_intdigest(spelled.encode()) % SHARES


def drawn(shares: Sequence[tuple[str, int]], place: int) -> str | None:
    """Whose range of a place it is, by (name, share); None if their ranges end before it."""
    end = 0
    for name, share in shares:
        end += share
        if place < end:
            return name
    return None


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


class Layers:
    """Layers of experiments that exclude each other: each has a range of the layer's places, in order of the name.

    Who takes part in one of a layer stays there, whatever becomes of the ranges.
    """

    __slots__ = ("_layers",)

    def __init__(self, layers: Sequence[Layer]) -> None:
        self._layers = {name: layer for layer in layers for name, _ in layer.experiments}

    def name_of(self, experiment: str) -> str | None:
        """The layer that an experiment is in."""
        layer = self._layers.get(experiment)
        return None if layer is None else layer.name

    def let_in(self, correspondence: Correspondence, experiment: str, tenant: str, shopper: str) -> bool:
        """Whether the shopper takes part in it: always, where it is in no layer."""
        layer = self._layers.get(experiment)
        if layer is None:
            return True
        for name, _ in layer.experiments:
            if name in correspondence.variants:
                return name == experiment
        return drawn(layer.experiments, bucket(tenant, f"layer:{layer.name}", shopper)) == experiment


def variant_of(
    correspondence: Correspondence, experiment: str, variants: tuple[tuple[str, int], ...], tenant: str, shopper: str
) -> str | None:
    """The variant of a message that is decided now; None of a message without variants. To be kept from then on."""
    if not variants:
        return None
    known = correspondence.variants.get(experiment)
    if known is not None and any(name == known for name, _ in variants):
        return known
    return drawn(variants, bucket(tenant, f"variant:{experiment}", shopper))
