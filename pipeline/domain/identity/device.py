"""The device's side: an anonymous id hands its state off to the user it becomes, and is an alias from then on."""

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.decision import KIND_MERGE, Moment, decision_id
from pipeline.domain.due import keep_due
from pipeline.domain.event import Event
from pipeline.domain.identity.letter import Handoff, Receipt
from pipeline.domain.identity.turn import Turn, become, pack
from pipeline.domain.identity.user import BUSY, ERASED, KNOWN, OUTDATED, TOO_LARGE
from pipeline.domain.identity_book import IdentityBook, Pending
from pipeline.domain.outcome import Outcome
from pipeline.domain.past import left_of
from pipeline.domain.shopper import Shopper

# Users that a device remembers not to have become.
REMEMBERED = 20


class Devices:
    """The policy of devices. most: bytes of a state that is handed off."""

    __slots__ = ("_engine", "_most")

    def __init__(self, engine: Engine, most: int) -> None:
        self._engine, self._most = engine, most

    def claimed(self, turn: Turn, claim: Event, now: int, place: int) -> None:
        """A user was seen with this id: what it holds as of `now` (ms) is the user's, if the user takes it."""
        shopper, user, book = turn.shopper, claim.referred, turn.shopper.identity
        if shopper.past is not None and shopper.past.suppressed:
            turn.send(user, Handoff(turn.id, user, now, declined=ERASED))
            return
        alias = book.alias if book is not None else ""
        if alias == user:
            return
        if book is not None and user in book.declined:
            turn.send(user, Handoff(turn.id, user, now, declined=BUSY))
            return
        if book is not None and alias and claim.time <= book.claimed:
            # Sent again, or late: another user has come with it since.
            turn.send(user, Handoff(turn.id, user, now, declined=OUTDATED))
            return
        if not alias and (shopper.anonymous is False or (book is not None and book.devices)):
            self._decline(turn, user, now, KNOWN)
            return
        state = b""
        if not alias and shopper.created:
            turn.catch_up(now, place)
            now = shopper.now = max(now, shopper.now)
            state = pack(msgspec.structs.replace(shopper, identity=None))
            if len(state) > self._most:
                self._decline(turn, user, now, TOO_LARGE)
                return
        merge = decision_id(self._engine.plan.name, user, "merge", turn.id, claim.message_id)
        turn.book.pending = Pending(user, False, now, merge, claimed=claim.time)
        shopper.due = 0
        turn.send(user, Handoff(turn.id, user, now, merge, state, alias))

    def settle(self, turn: Turn, pending: Pending, receipt: Receipt) -> None:
        """The user has answered: the record is an alias from now on, or what it was."""
        book = turn.book
        if not receipt.taken:
            book.declined = [*book.declined, pending.peer][-REMEMBERED:]
            keep_due(turn.shopper)
        elif book.alias:
            book.alias, book.claimed = receipt.taken, pending.claimed
        else:
            self._retire(turn, receipt.taken, pending.claimed)

    def _decline(self, turn: Turn, user: str, now: int, why: str) -> None:
        turn.book.declined = [*turn.book.declined, user][-REMEMBERED:]
        turn.send(user, Handoff(turn.id, user, now, declined=why))

    def _retire(self, turn: Turn, taken: str, claimed: int) -> None:
        """Nothing is left of the record but whose it is."""
        shopper, outcome = turn.shopper, Outcome([], [])
        if shopper.created:
            name = self._engine.plan.name
            told = outcome.decisions, outcome.remarks, True, outcome.letters, shopper.epoch
            moment = Moment(name, turn.id, shopper.now, KIND_MERGE, None, *told)
            self._engine.merger.retire(shopper, moment)
        alias = IdentityBook(taken, declined=turn.book.declined, claimed=claimed)
        past = left_of(shopper.past)
        become(shopper, Shopper(now=shopper.now, plan=shopper.plan, anonymous=True, identity=alias, past=past))
        turn.tell(0, outcome)
