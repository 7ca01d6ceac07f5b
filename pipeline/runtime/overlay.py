"""The overlay: decoded shopper records of one batch over a state partition, and a cache of those of earlier ones."""

from collections.abc import Iterable, Sequence

import msgspec

from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import ShopperCodec, StatePartition


class Held(msgspec.Struct, gc=False):
    """A decoded record. size: bytes of its encoded form, 0 = not in the store.

    entry: an index entry at or before this instant exists for the record (in the store or in the due queue); 0 = none
    known. changed: since it was last in the store. generation: of the cache when it was last put there.
    """

    key: bytes
    shopper: Shopper
    size: int
    entry: int
    changed: bool = False
    generation: int = -1


class Overlay:
    """Records touched by the batch at hand, loaded with one multi-get, written as one set of final values.

    Invariant: the cache holds only what is in the store. What a batch touched enters it when the batch is kept, and
    leaves it when the batch is dropped. The cache has two generations: what is used moves to the younger one; when that
    holds half of the bound, the older one is forgotten whole and the younger one grows old. Its bound is of encoded
    sizes; a decoded record takes some ten times that in memory.
    """

    def __init__(self, state: StatePartition, codec: ShopperCodec, cache_bytes: int) -> None:
        self._state = state
        self._codec = codec
        self._half = cache_bytes // 2
        self._young: dict[bytes, Held] = {}
        self._old: dict[bytes, Held] = {}
        self._young_bytes = 0
        self._generation = 0
        self.touched: dict[bytes, Held] = {}
        self._hits = 0
        self._misses = 0

    def load(self, keys: Iterable[bytes]) -> None:
        """Have the records of these keys in `touched`; a shopper never seen gets a new record."""
        touched, young, old = self.touched, self._young, self._old
        missing: dict[bytes, None] = {}
        before = len(touched)
        for key in keys:
            if key not in touched:
                held = young.get(key) or old.get(key)
                if held is None:
                    missing[key] = None
                else:
                    touched[key] = held
        self._hits += len(touched) - before
        if not missing:
            return
        self._misses += len(missing)
        wanted, decode = list(missing), self._codec.decode
        for key, value in zip(wanted, self._state.get_many(wanted), strict=True):
            if value is None:
                touched[key] = Held(key, Shopper(), 0, 0)
            else:
                shopper = decode(value)
                touched[key] = Held(key, shopper, len(value), shopper.due)

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Final value of each changed record, in the order in which the batch first met them."""
        encode = self._codec.encode
        return [(key, encode(held.shopper)) for key, held in self.touched.items() if held.changed]

    def keep(self, values: Sequence[tuple[bytes, bytes | None]]) -> None:
        """The batch is in the store with these `changes`."""
        touched, generation, grown = self.touched, self._generation, 0
        for key, value in values:
            held = touched[key]
            size = len(value or b"")
            grown += size - held.size if held.generation == generation else size
            held.size, held.generation, held.changed = size, generation, False
        if len(values) < len(touched):
            for held in touched.values():
                if held.generation != generation:
                    grown += held.size
                    held.generation = generation
            touched = {key: held for key, held in touched.items() if held.size}
        self._young.update(touched)
        self._young_bytes += grown
        self.touched = {}
        if self._young_bytes > self._half:
            self._old, self._young, self._young_bytes = self._young, {}, 0
            self._generation += 1
            if not self._half:
                self._old = {}

    def drop(self) -> None:
        """The batch did not happen: its records, changed or not, are what the store says."""
        for key, held in self.touched.items():
            self._old.pop(key, None)
            if self._young.pop(key, None) is not None:
                self._young_bytes -= held.size
        self.touched = {}

    def take_counts(self) -> tuple[int, int]:
        """Hits and misses of the cache since last asked."""
        counts = self._hits, self._misses
        self._hits = self._misses = 0
        return counts
