"""A turn: one look at one shopper, what it leads to, and how it is taken back."""

from collections.abc import Callable

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.identity.letter import Item, Letter, encode_item
from pipeline.domain.identity.step import Step, Told
from pipeline.domain.identity_book import Held, IdentityBook, Pending
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import DamagedRecord, Shopper

# What a record holds while it waits; beyond it a user goes on without the device, and a device's events are refused.
HELD = 500
HELD_BYTES = 1024 * 1024

pack = msgspec.msgpack.Encoder().encode
unpack = msgspec.msgpack.Decoder(Shopper).decode
_FIELDS = Shopper.__struct_fields__


class Turn:
    """changed_at: see Engine.adopt. largest: bytes of a record."""

    __slots__ = ("_engine", "_largest", "changed_at", "id", "shopper", "step")

    def __init__(self, engine: Engine, shopper: Shopper, shopper_id: str, changed_at: int, largest: int) -> None:
        self._engine, self._largest = engine, largest
        self.shopper, self.id, self.changed_at = shopper, shopper_id, changed_at
        self.step = Step([], [])

    @property
    def book(self) -> IdentityBook:
        """The shopper's, made if there was none."""
        book = self.shopper.identity
        if book is None:
            book = self.shopper.identity = IdentityBook()
        return book

    def tell(self, place: int, outcome: Outcome, value: bytes | None = None) -> None:
        """place: of the record that it came of, 0 of none. value: of one that had waited."""
        if outcome.decisions or outcome.remarks or outcome.refusal is not None or outcome.letters:
            self.step.told.append(Told(place, outcome, value))

    def send(self, to: str, item: Item) -> None:
        self.step.letters.append(Letter(to, item))

    def catch_up(self, now: int, place: int) -> None:
        """Have the timers that are due by `now` (ms) fire first."""
        shopper = self.shopper
        if shopper.created and (0 < shopper.due <= now or shopper.plan != self._engine.digest):
            self.tell(place, self._engine.on_due(shopper, self.id, now, self.changed_at))

    def attempt(self, work: Callable[[], None]) -> bool:
        """Whether it could be done. If the core fails, or the record would be too large, nothing of it was."""
        before, told, letters = pack(self.shopper), len(self.step.told), len(self.step.letters)
        try:
            work()
        except DamagedRecord:
            raise
        except Exception:
            done = False
        else:
            done = len(pack(self.shopper)) <= self._largest
        if not done:
            become(self.shopper, unpack(before))
            del self.step.told[told:], self.step.letters[letters:]
        return done


def hold(pending: Pending, item: Item, now: int, place: int) -> bool:
    """Keep an item until the record waits no more; whether there was room for it."""
    value = encode_item(item)
    if len(pending.held) >= HELD or pending.size + len(value) > HELD_BYTES:
        return False
    pending.held.append(Held(now, place, value))
    pending.size += len(value)
    return True


def become(shopper: Shopper, other: Shopper) -> None:
    """Have all of the other record."""
    for name in _FIELDS:
        setattr(shopper, name, getattr(other, name))
