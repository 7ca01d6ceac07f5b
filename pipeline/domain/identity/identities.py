"""Identities: an anonymous id becomes a known shopper's, whatever partitions both are in (semantics.md, part 2).

An event with a user id and an anonymous id is written twice by intake: to the user, and as a claim to the anonymous id
(intake/claim.py). The claim takes the anonymous record's state, at that instant, and hands it off to the user; the
record waits for the receipt, and then is an alias. The user's record waits for the hand-off from the event on that
names the device for the first time: what comes meanwhile is held, and applied after the merge, each at its own instant.
So it makes no difference how long the letters take.
"""

from collections import deque
from functools import partial

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.due import keep_due
from pipeline.domain.erasure import SUPPRESSED_EVENT
from pipeline.domain.event import CLAIM, ENDING, Event
from pipeline.domain.graft import Graft
from pipeline.domain.identity.device import Devices
from pipeline.domain.identity.letter import Handoff, Item, Receipt, decode_item
from pipeline.domain.identity.step import Step
from pipeline.domain.identity.turn import Turn, hold
from pipeline.domain.identity.user import BUSY, FAILED, Users
from pipeline.domain.identity_book import Held, IdentityBook, Pending
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper

LATE, CROWDED = "merge_late", "held_limit"
"""A remark: a user went on without a device's state. A reason of dead letters: more came to a device than is held."""

# Bytes of a state that is handed off: what a record of a topic with default settings takes, less its own fields.
STATE = 956 * 1024


class Identities:
    """The core under a topology that says who is who. As the engine it decides of shoppers that do not wait."""

    def __init__(self, engine: Engine, definition: IdentityDefinition, most: int, largest: int) -> None:
        """most: bytes of a state that is handed off, largest: of a record."""
        self._engine, self._largest = engine, largest
        self._users, self._devices = Users(engine, definition), Devices(engine, most)
        self.digest, self.pieces = engine.digest, engine.pieces

    def take(
        self, shopper: Shopper, shopper_id: str, item: Item, now: int, place: int = 0, changed_at: int = 0
    ) -> Step:
        """Apply one item at `now` (ms): an event's received time as raised, else the shopper's own. place: of its
        record in the source."""
        turn = Turn(self._engine, shopper, shopper_id, changed_at, self._largest)
        self._take(turn, item, now, place, None)
        return turn.step

    def wake(self, shopper: Shopper, shopper_id: str, until: int, changed_at: int = 0) -> Step:
        """Let time pass up to `until` (ms). A user who has waited long enough goes on without the device's state."""
        turn = Turn(self._engine, shopper, shopper_id, changed_at, self._largest)
        book = shopper.identity
        if book is not None and book.pending is not None and 0 < shopper.due <= until:
            turn.tell(0, Outcome([], [LATE]))
            self._go_on(turn, book.pending, None)
        turn.tell(0, self.on_due(shopper, shopper_id, until, changed_at))
        return turn.step

    def on_due(self, shopper: Shopper, shopper_id: str, until: int, changed_at: int = 0) -> Outcome:
        """See Engine.on_due; of who waits, is an alias, or was never heard of but by claims, nothing."""
        if shopper.identity is not None and (shopper.identity.rests or not shopper.created):
            return Outcome([], [])
        return self._engine.on_due(shopper, shopper_id, until, changed_at)

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int = 0) -> Outcome:
        """See Engine.decide."""
        return self._engine.decide(shopper, event, now, changed_at)

    def graft(self, shopper: Shopper, shopper_id: str, graft: Graft, until: int, changed_at: int = 0) -> Outcome:
        """See Engine.graft. Raises ValueError for who waits, or is an alias."""
        if shopper.identity is not None and shopper.identity.rests:
            raise ValueError("an alias, or one that waits, takes no graft")
        return self._engine.graft(shopper, shopper_id, graft, until, changed_at)

    def _take(self, turn: Turn, item: Item, now: int, place: int, value: bytes | None) -> None:
        """value: of an item that had waited."""
        shopper, book = turn.shopper, turn.shopper.identity
        past = shopper.past
        if past is not None and past.gone and not past.suppressed:
            self._engine.erasure.revive(shopper)
        if past is not None and past.suppressed:
            self._gone(turn, item, now, place, value)
        elif book is not None and book.pending is not None:
            self._while_pending(turn, book, book.pending, item, now, place, value)
        elif isinstance(item, Handoff):
            self._handed(turn, book, item)
        elif not isinstance(item, Event):
            return
        elif item.type == ENDING:
            turn.tell(place, self._engine.erasure.end_device(shopper, item, now))
        elif item.type == CLAIM:
            self._devices.claimed(turn, item, now, place)
        elif book is not None and book.alias and past is not None and item.time <= past.erased_at:
            turn.tell(place, Outcome([], [SUPPRESSED_EVENT]))
        elif book is not None and book.alias:
            device = "" if item.anonymous_id == book.alias else item.anonymous_id
            own = msgspec.structs.replace(item, shopper=book.alias, anonymous=False, anonymous_id=device)
            turn.send(book.alias, own)
        elif item.anonymous_id and self._users.meets(book, item.anonymous_id):
            self._users.wait(turn, item, now, place)
        else:
            turn.tell(place, self._engine.decide(shopper, item, now, turn.changed_at), value)

    def _gone(self, turn: Turn, item: Item, now: int, place: int, value: bytes | None) -> None:
        """Of who was erased. Whoever waits for an answer gets one."""
        if isinstance(item, Handoff):
            if not item.declined:
                turn.send(item.loser, Receipt(item.loser, item.merge))
        elif isinstance(item, Event) and item.type == CLAIM:
            self._devices.claimed(turn, item, now, place)
        elif isinstance(item, Event) and item.type != ENDING:
            turn.tell(place, self._engine.decide(turn.shopper, item, now, turn.changed_at), value)

    def _handed(self, turn: Turn, book: IdentityBook | None, handoff: Handoff) -> None:
        """One that the record does not wait for."""
        if book is None or not book.alias:
            self._users.handed(turn, handoff, handoff.now)
        elif handoff.loser != book.alias:
            turn.send(book.alias, msgspec.structs.replace(handoff, user=book.alias))
        elif not handoff.declined:
            turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge))

    def _while_pending(
        self,
        turn: Turn,
        book: IdentityBook,
        pending: Pending,
        item: Item,
        now: int,
        place: int,
        value: bytes | None,
    ) -> None:
        if isinstance(item, Handoff):
            if pending.awaits and item.loser == pending.peer:
                self._go_on(turn, pending, item)
            elif book.alias:
                self._handed(turn, book, item)
            elif not (pending.awaits and hold(pending, item, now, place)):
                # Two that wait for each other would wait for ever.
                self._users.refuse(turn, item, BUSY, item.now)
        elif isinstance(item, Receipt):
            if not pending.awaits and item.merge == pending.merge:
                book.pending = None
                self._devices.settle(turn, pending, item)
                self._resume(turn, pending.held)
        elif item.type == CLAIM and item.referred == pending.peer and not (pending.awaits or pending.held):
            # Once more the same; behind another user's claim it is one of its own.
            return
        elif not hold(pending, item, now, place):
            if pending.awaits:
                turn.tell(place, Outcome([], [LATE]))
                self._go_on(turn, pending, None)
                self._take(turn, item, now, place, value)
            else:
                turn.tell(place, Outcome([], [], CROWDED), value)

    def _go_on(self, turn: Turn, pending: Pending, handoff: Handoff | None) -> None:
        """The user waits no longer: for the hand-off it is, or for none."""
        turn.book.pending = None
        keep_due(turn.shopper)
        if handoff is not None:
            self._users.handed(turn, handoff, pending.now)
        self._resume(turn, pending.held)

    def _resume(self, turn: Turn, held: list[Held]) -> None:
        """Apply what had waited, in order; what the core fails on is a dead letter."""
        waiting = deque(held)
        while waiting:
            one = waiting.popleft()
            if not turn.attempt(partial(self._take_held, turn, one)):
                turn.tell(one.place, Outcome([], [], FAILED), one.value)

    def _take_held(self, turn: Turn, one: Held) -> None:
        self._take(turn, decode_item(one.value), one.now, one.place, one.value)


def identities_of(engine: Engine, largest: int) -> Identities | None:
    """Of the engine's plan; None if ids are shoppers as sent. largest: bytes of a record."""
    definition = engine.plan.identities
    return None if definition is None else Identities(engine, definition, STATE, largest)
