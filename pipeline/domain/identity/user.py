"""The user's side: waits for the state of a device that is new, and takes it over."""

from pipeline.domain.decide import Engine
from pipeline.domain.decision import IDENTITY_CHANGES, KIND_MERGE, Moment
from pipeline.domain.event import Event
from pipeline.domain.identity.letter import Handoff, Receipt
from pipeline.domain.identity.turn import Turn, hold, unpack
from pipeline.domain.identity_book import ATTACHED, AWAITED, PASSED, REFUSED, Device, IdentityBook, Pending
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import FORMAT

# Refused devices that a user remembers.
REMEMBERED = 20

LIMIT, KNOWN, BUSY, TOO_LARGE, FAILED, ERASED = "limit", "known", "busy", "too_large", "failed", "erased"
"""Why a device is not taken: the user has as many as may be, it is a known shopper, it waits for another one, its state
is too large, the core fails on it, or it was erased."""
OUTDATED = "outdated"
"""Why it is not taken by this claim: another user has come with it since. No line tells of it, and a later one may."""

MERGED, ATTACHED_ONLY, CONFLICT, REFUSAL = "merged", "attached", "conflict", "refused"
"""What is told of a device: its state is the user's; there was none; it was another's before; or it was not taken."""


class Users:
    """The policy of users."""

    __slots__ = ("_definition", "_engine")

    def __init__(self, engine: Engine, definition: IdentityDefinition) -> None:
        self._engine, self._definition = engine, definition

    def meets(self, book: IdentityBook | None, device: str) -> bool:
        """Whether a device is seen for the first time, and may become the user's."""
        if book is None:
            return self._definition.devices > 0
        return book.device(device) is None and book.has_room(self._definition.devices)

    def wait(self, turn: Turn, event: Event, now: int, place: int) -> None:
        """The hand-off of the event's device is on its way."""
        turn.catch_up(now, place)
        turn.book.devices.append(Device(event.anonymous_id, AWAITED, now))
        pending = turn.book.pending = Pending(event.anonymous_id, True, now)
        turn.shopper.due = now + self._definition.wait
        hold(pending, event, now, place)

    def handed(self, turn: Turn, handoff: Handoff, at: int) -> None:
        """Take a device over, as of `at` (ms), or not."""
        book, at = turn.book, max(at, handoff.now)
        device, room = book.device(handoff.loser), book.has_room(self._definition.devices)
        if handoff.declined == OUTDATED:
            turn.tell(0, Outcome([], ["claim_outdated"]))
            if device is not None and device.state == AWAITED:
                device.state = PASSED
        elif handoff.declined:
            if room if device is None else device.state == AWAITED:
                self.refuse(turn, handoff, handoff.declined, at)
        elif device is None and not room and handoff.former != turn.id:
            self._tell(turn, REFUSAL, handoff, at, LIMIT)
            turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge))
        elif handoff.former == turn.id:
            # It was claimed by an id that has become this shopper's itself.
            turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge, turn.id))
        elif device is not None and device.state == REFUSED:
            turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge))
        else:
            self._merge(turn, handoff, at)

    def refuse(self, turn: Turn, handoff: Handoff, why: str, at: int) -> None:
        """Not to take a device, now or ever. If it waits for an answer, it gets one."""
        book = turn.book
        device = book.device(handoff.loser)
        if device is None:
            device = Device(handoff.loser, REFUSED, at)
            book.devices.append(device)
        device.state = REFUSED
        refused = [one for one in book.devices if one.state == REFUSED]
        if len(refused) > REMEMBERED:
            book.devices.remove(refused[0])
        self._tell(turn, REFUSAL, handoff, at, why)
        if not handoff.declined:
            turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge))

    def _merge(self, turn: Turn, handoff: Handoff, at: int) -> None:
        turn.catch_up(at, 0)
        if handoff.state and not turn.attempt(lambda: self._take_over(turn, handoff, at)):
            self.refuse(turn, handoff, FAILED, at)
            return
        if handoff.state:
            at = turn.shopper.now
        device = turn.book.device(handoff.loser)
        if device is None:
            device = Device(handoff.loser, ATTACHED, at)
            turn.book.devices.append(device)
        device.state = ATTACHED
        change = CONFLICT if handoff.former else MERGED if handoff.state else ATTACHED_ONLY
        self._tell(turn, change, handoff, at)
        turn.send(handoff.loser, Receipt(handoff.loser, handoff.merge, turn.id))

    def _take_over(self, turn: Turn, handoff: Handoff, at: int) -> None:
        other = unpack(handoff.state)
        if other.format != FORMAT:
            raise ValueError("the state is of another version")
        shopper, outcome = turn.shopper, Outcome([], [])
        shopper.now = max(shopper.now, at)
        self._engine.merger.merge(shopper, other, self._moment(turn, shopper.now, outcome))
        turn.tell(0, outcome)

    def _tell(self, turn: Turn, change: str, handoff: Handoff, at: int, why: str = "") -> None:
        outcome = Outcome([], [f"identity_{change}"])
        fields = {
            "change": change,
            "loser": handoff.loser,
            "winner": turn.id,
            "former": handoff.former or None,
            "reason": why or None,
            "merge_id": handoff.merge or None,
        }
        # What has nothing to merge is told as of the claim, however far the user has come by when it arrives.
        moment = self._moment(turn, at, outcome)
        cause = (handoff.loser, handoff.merge, handoff.now)
        moment.decide(IDENTITY_CHANGES, f"identity.{change}", self._definition.identity, cause, fields)
        turn.tell(0, outcome)

    def _moment(self, turn: Turn, now: int, outcome: Outcome) -> Moment:
        plan, silent = self._engine.plan, now < self._engine.plan.live_from
        told = outcome.decisions, outcome.remarks, silent, outcome.letters, turn.shopper.epoch
        return Moment(plan.name, turn.id, now, KIND_MERGE, None, *told)
