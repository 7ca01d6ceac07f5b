"""The overlay: the shopper records of one batch over a state partition, and a cache of those of earlier ones."""

from collections.abc import Callable, Iterable
from typing import TypeVar

import msgspec

from pipeline.domain.shopper import DamagedRecord, Shopper
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.grave import Graves, decode_grave, encode_grave
from pipeline.runtime.ports import Hopeless, ShopperCodec, StateError, StateFormatError, StatePartition

T = TypeVar("T")

# What keeping one record takes besides its bytes: its key, two object heads and its place in a dict.
ENTRY_BYTES = 200


# An `entry` that nobody has looked for yet: there is one, at the due time that the stored record asks for.
IN_STORE = -1


class Held(msgspec.Struct, gc=False):
    """A record at hand. value: as it is now, encoded; None if there never was one.

    due: the instant, ms, that it asks to be woken at, 0 = never; known once it was opened. entry: an index entry at or
    before this instant exists for the record (in the store or in the due queue); 0 = none known. changed: since it was
    last in the store. swept: it is here for a sweep, and not because something happened to its shopper. unknown: the
    store has no record of the key. grave: what is left of who was erased, encoded; dug: since it was last in the store.
    """

    key: bytes
    value: bytes | None
    due: int = 0
    entry: int = IN_STORE
    changed: bool = False
    swept: bool = False
    unknown: bool = False
    grave: bytes | None = None
    dug: bool = False


class RecordTooLarge(Exception):
    """A shopper's record would outgrow what the changelog takes."""


def check_lengths(values: Iterable[tuple[bytes, bytes | None]], limit: int) -> None:
    """limit: bytes. Raises RecordTooLarge."""
    for _, value in values:
        if value is not None and len(value) > limit:
            raise RecordTooLarge(f"the shopper's record would take {len(value)} bytes, {limit} are the most")


class Overlay:
    """Records touched by the batch at hand, loaded with one multi-get, written as one set of final values.

    Both it and the cache of what is in the store, behind it, keep records encoded: decoding one takes less time than
    reaching a decoded one that lies about in memory in twenty pieces, and they take a tenth of the room. So a record is
    decoded where it is needed, and not kept. Records touched enter the cache when their batch is kept. It has two
    generations: what is used moves to the younger one; when that holds its part of the cache's share of the budget, the
    older one is forgotten whole and the younger one grows old.
    """

    def __init__(
        self, state: StatePartition, codec: ShopperCodec, budget: CacheBudget, graves: Graves | None = None
    ) -> None:
        self._state = state
        self._codec = codec
        self._budget = budget
        self._graves = graves or Graves(state, None)
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
        """Have the records of these keys in `touched`."""
        touched, young, old = self.touched, self._young, self._old
        missing: dict[bytes, None] = {}
        before = len(touched)
        for key in keys:
            if key not in touched:
                value = young.get(key) or old.get(key)
                if value is None:
                    missing[key] = None
                else:
                    touched[key] = Held(key, value)
        self._hits += len(touched) - before
        if not missing:
            return
        self._misses += len(missing)
        wanted = list(missing)
        for key, stored in zip(wanted, self._state.get_many(wanted), strict=True):
            held = touched[key] = Held(key, stored)
            held.unknown = stored is None
        if self._graves.any:
            strangers = [key for key in wanted if touched[key].unknown]
            for key, grave in zip(strangers, self._graves.of(strangers), strict=True):
                touched[key].grave = grave

    def sweep(self, key: bytes, value: bytes) -> Held:
        """Have a record of the store in `touched`, with this value, unless it is there already. It does not enter the
        cache: a sweep comes by every record once, and would leave nothing in it of those that events need."""
        held = self.touched.get(key)
        if held is None:
            held = self.touched[key] = Held(key, value, swept=True)
        return held

    def open(self, held: Held) -> Shopper:
        """The record, decoded; a shopper never seen gets a new one. What is done to it counts once it is closed."""
        if held.value is not None:
            shopper = self._codec.decode(held.value)
        else:
            shopper = Shopper() if held.grave is None else Shopper(past=decode_grave(held.grave))
        held.due = shopper.due
        if held.entry == IN_STORE:
            held.entry = shopper.due
        return shopper

    def close(self, held: Held, shopper: Shopper) -> None:
        """The record has changed to this, or is no more."""
        past = shopper.past
        if past is None or not past.gone:
            held.value, held.due, held.changed = self._codec.encode(shopper), shopper.due, True
            return
        # A record that the store never had needs no deletion, which would name the shopper in the changelog.
        held.value, held.due, held.changed = None, 0, not held.unknown
        if past.erased_at:
            grave = encode_grave(past)
            held.dug = held.dug or grave != held.grave
            held.grave = grave

    def attempt(self, held: Held, limit: int, work: Callable[[Shopper], T]) -> tuple[Shopper, T] | None:
        """Do something to a record that no event asked for. None, and the record is as before: it failed, or would have
        made it longer than `limit` bytes. Raises StateFormatError for a damaged one, StateError, Hopeless."""
        before = held.value, held.changed, held.grave, held.dug
        try:
            shopper = self.open(held)
            done = work(shopper)
            self.close(held, shopper)
        except DamagedRecord as damaged:
            raise StateFormatError(str(damaged)) from damaged
        except (StateError, Hopeless):
            raise
        except Exception:
            return None
        if len(held.value or b"") > limit:
            held.value, held.changed, held.grave, held.dug = before
            return None
        return shopper, done

    def changes(self) -> list[tuple[bytes, bytes | None]]:
        """Graves that were dug, then the final value of each changed record, in the order in which the batch first met
        them. None deletes."""
        records = [(key, held.value) for key, held in self.touched.items() if held.changed]
        return [*((self._graves.key_of(key), self.touched[key].grave) for key in self.erased()), *records]

    def erased(self) -> list[bytes]:
        """Who was erased by the batch."""
        return [key for key, held in self.touched.items() if held.dug]

    def keep(self) -> None:
        """The batch is in the store with these `changes`."""
        young, old = self._young, self._old
        for key, held in self.touched.items():
            value = held.value
            if value is not None and not (held.swept and key not in young and key not in old):
                known = young.get(key)
                young[key] = value
                self._young_bytes += len(value) + ENTRY_BYTES if known is None else len(value) - len(known)
            elif value is None and held.changed:
                self._forget(key)
        self.touched = {}
        self._trim()

    def _forget(self, key: bytes) -> None:
        young, old = self._young.pop(key, None), self._old.pop(key, None)
        self._young_bytes -= 0 if young is None else len(young) + ENTRY_BYTES
        self._old_bytes -= 0 if old is None else len(old) + ENTRY_BYTES

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
