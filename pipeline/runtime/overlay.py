"""The overlay: decoded shopper records of one batch over a state partition, and a cache of those of earlier ones."""

from collections.abc import Iterable, Sequence

import msgspec

from pipeline.domain.shopper import Shopper
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.ports import ShopperCodec, StatePartition

# What keeping one record takes besides its bytes: its key, two object heads and its place in a dict.
ENTRY_BYTES = 200


class Held(msgspec.Struct, gc=False):
    """A record at hand, decoded. stored: as it is in the store, None if it is not there.

    entry: an index entry at or before this instant exists for the record (in the store or in the due queue); 0 = none
    known. changed: since it was last in the store.
    """

    key: bytes
    shopper: Shopper
    stored: bytes | None
    entry: int
    changed: bool = False


class Overlay:
    """Records touched by the batch at hand, loaded with one multi-get, written as one set of final values.

    Behind it a cache of what is in the store. It keeps records encoded: decoding one takes less time than reaching a
    decoded one that lies about in memory in twenty pieces, and they take a tenth of the room. Records touched enter it
    when their batch is kept. It has two generations: what is used moves to the younger one; when that holds its part
    of the cache's share of the budget, the older one is forgotten whole and the younger one grows old.
    """

    def __init__(self, state: StatePartition, codec: ShopperCodec, budget: CacheBudget) -> None:
        self._state = state
        self._codec = codec
        self._budget = budget
        self._young: dict[bytes, bytes] = {}
        self._old: dict[bytes, bytes] = {}
        self._young_bytes = 0
        self._old_bytes = 0
        self.touched: dict[bytes, Held] = {}
        self._hits = 0
        self._misses = 0
        budget.enter(self)

    @property
    def cached_bytes(self) -> int:
        """What the cache takes, reckoned."""
        return self._young_bytes + self._old_bytes

    def load(self, keys: Iterable[bytes]) -> None:
        """Have the records of these keys in `touched`; a shopper never seen gets a new record."""
        touched, young, old, decode = self.touched, self._young, self._old, self._codec.decode
        missing: dict[bytes, None] = {}
        before = len(touched)
        for key in keys:
            if key not in touched:
                value = young.get(key) or old.get(key)
                if value is None:
                    missing[key] = None
                else:
                    shopper = decode(value)
                    touched[key] = Held(key, shopper, value, shopper.due)
        self._hits += len(touched) - before
        if not missing:
            return
        self._misses += len(missing)
        wanted = list(missing)
        for key, stored in zip(wanted, self._state.get_many(wanted), strict=True):
            shopper = Shopper() if stored is None else decode(stored)
            touched[key] = Held(key, shopper, stored, shopper.due)

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Final value of each changed record, in the order in which the batch first met them."""
        encode = self._codec.encode
        return [(key, encode(held.shopper)) for key, held in self.touched.items() if held.changed]

    def keep(self, values: Sequence[tuple[bytes, bytes | None]]) -> None:
        """The batch is in the store with these `changes`."""
        for key, value in values:
            self._remember(key, value)
        if len(values) < len(self.touched):
            for key, held in self.touched.items():
                if not held.changed:
                    self._remember(key, held.stored)
        self.touched = {}
        self._trim()

    def drop(self) -> None:
        """The batch did not happen: its records are what the store says."""
        self.touched = {}

    def take_counts(self) -> tuple[int, int]:
        """Hits and misses of the cache since last asked."""
        counts = self._hits, self._misses
        self._hits = self._misses = 0
        return counts

    def _trim(self) -> None:
        """Two fifths of the share for the younger generation, what is left for the older one; so a batch fits in."""
        share = self._budget.share()
        young = share * 2 // 5
        if self._young_bytes > young:
            self._old, self._old_bytes = self._young, self._young_bytes
            self._young, self._young_bytes = {}, 0
        # A batch as large as the cache, or less to share than when it was filled.
        if self._old_bytes > share - young:
            self._old, self._old_bytes = _latest(self._old, share - young)

    def _remember(self, key: bytes, value: bytes | None) -> None:
        if value is not None:
            known = self._young.get(key)
            self._young[key] = value
            self._young_bytes += len(value) + ENTRY_BYTES if known is None else len(value) - len(known)


def _latest(values: dict[bytes, bytes], limit: int) -> tuple[dict[bytes, bytes], int]:
    """As many of those that came last as fit into `limit` bytes, and what they take."""
    kept: dict[bytes, bytes] = {}
    taken = 0
    for key, value in reversed(values.items()):
        if taken + len(value) + ENTRY_BYTES > limit:
            break
        kept[key] = value
        taken += len(value) + ENTRY_BYTES
    return kept, taken
