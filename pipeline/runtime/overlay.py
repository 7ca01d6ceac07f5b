"""The overlay: decoded shopper records of one batch over a state partition, and a cache of those of earlier ones."""

from collections import OrderedDict
from collections.abc import Iterable

from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import ShopperCodec, StatePartition


class Held:
    """A decoded record. id: the shopper's, as text. size: bytes of its encoded form, 0 = not in the store.

    entry: an index entry at or before this instant exists for the record (in the store or in the due queue); 0 = none
    known. changed: since it was last in the store.
    """

    __slots__ = ("changed", "entry", "id", "key", "shopper", "size")

    def __init__(self, key: bytes, shopper: Shopper, size: int) -> None:
        self.key = key
        self.id = key.decode()
        self.shopper = shopper
        self.entry = shopper.due
        self.size = size
        self.changed = False


class Overlay:
    """Records touched by the batch at hand, loaded with one multi-get, written as one set of final values.

    Invariant: the cache holds only what is in the store. What a batch touched enters it when the batch is kept, and
    leaves it when the batch is dropped. It is bounded by the encoded size of its records (a decoded one takes some five
    times that in memory) and gives up the least recently used first.
    """

    def __init__(self, state: StatePartition, codec: ShopperCodec, cache_bytes: int) -> None:
        self._state = state
        self._codec = codec
        self._cache_bytes = cache_bytes
        self._cache: OrderedDict[bytes, Held] = OrderedDict()
        self._cached = 0
        self.touched: dict[bytes, Held] = {}
        self._hits = 0
        self._misses = 0

    def load(self, keys: Iterable[bytes]) -> None:
        """Have the records of these keys (valid UTF-8) in `touched`; a shopper never seen gets a new record."""
        touched, cache = self.touched, self._cache
        missing = []
        for key in keys:
            if key not in touched:
                held = cache.get(key)
                if held is None:
                    missing.append(key)
                else:
                    touched[key] = held
                    self._hits += 1
        if not missing:
            return
        self._misses += len(missing)
        decode = self._codec.decode
        for key, value in zip(missing, self._state.get_many(missing), strict=True):
            touched[key] = Held(key, Shopper(), 0) if value is None else Held(key, decode(value), len(value))

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Final value of each changed record, in the order in which the batch first met them."""
        encode = self._codec.encode
        values: list[tuple[bytes, bytes | None]] = []
        for key, held in self.touched.items():
            if held.changed:
                values.append((key, encode(held.shopper)))
        return values

    def keep(self, values: Iterable[tuple[bytes, bytes | None]]) -> None:
        """The batch is in the store with these `changes`."""
        cache = self._cache
        for key, value in values:
            held = self.touched[key]
            held.changed = False
            size = len(value) if value is not None else 0
            if key in cache:
                self._cached += size - held.size
            held.size = size
        for key, held in self.touched.items():
            if cache.pop(key, None) is None:
                self._cached += held.size
            if held.size:
                cache[key] = held
        self.touched = {}
        self._evict()

    def drop(self) -> None:
        """The batch did not happen: its records, changed or not, are what the store says."""
        for key in self.touched:
            held = self._cache.pop(key, None)
            if held is not None:
                self._cached -= held.size
        self.touched = {}

    def clear(self) -> None:
        """Forget everything."""
        self.touched = {}
        self._cache.clear()
        self._cached = 0

    def take_counts(self) -> tuple[int, int]:
        """Hits and misses of the cache since last asked."""
        counts = self._hits, self._misses
        self._hits = self._misses = 0
        return counts

    def _evict(self) -> None:
        while self._cached > self._cache_bytes:
            _, held = self._cache.popitem(last=False)
            self._cached -= held.size
