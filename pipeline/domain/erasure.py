"""Records that end: of a shopper who is to be forgotten, and of one who has not been seen for long."""

from typing import Any

import xxhash

from pipeline.domain.decision import ERASURES, KIND_ERASURE, Decision, Moment, decision_id
from pipeline.domain.definition import Plan
from pipeline.domain.due import keep_due
from pipeline.domain.erasure_definition import SHOPPER_ERASED, ErasureDefinition
from pipeline.domain.event import ENDING, OF_OTHERS, Event, decode_object
from pipeline.domain.identity_book import REFUSED
from pipeline.domain.messaging.consent_event import CONSENT_EVENTS, SUPPRESSED, UNSUPPRESSED, Unreadable, statement
from pipeline.domain.messaging.word import OPT_IN, REDUCED_TO
from pipeline.domain.outcome import Outcome
from pipeline.domain.past import Past, digest_of, left_of
from pipeline.domain.removal import removal_of
from pipeline.domain.shopper import Shopper

ERASED, EXPIRED = "erased", "expired"

SUPPRESSED_EVENT = "suppressed"
"""Remark: an event of a shopper who was erased, of before the erasure or without leave to come back. It is dropped."""

NO_ERASURE = "no_erasure"
"""Remark: an erasure is asked for under a topology that has none. It is an event like any other."""

GRAFT_OF_ERASED = "graft_of_erased"
"""Remark: history of a shopper who was erased and came back; none of it is taken."""

DUPLICATE = "duplicate"

# Characters of a reason that a receipt repeats.
_REASON = 200


class Erasure:
    """What a plan says of the end of records. A record that has ended is wiped, and its `past` says that it is gone."""

    def __init__(self, plan: Plan) -> None:
        self._tenant = plan.name
        self._rule = plan.erasure or ErasureDefinition()
        self._allowed = plan.erasure is not None
        self.inactive = plan.inactive
        self._live = plan.live_from

    def digest(self, shopper_id: str) -> str:
        """What stands for an id that was erased."""
        return digest_of(self._rule.pepper, self._tenant, shopper_id)

    def heed(self, shopper: Shopper, event: Event, moment: Moment) -> str | None:
        """What comes of an event if it asks for an erasure, or the shopper had an earlier record: None, it is to be
        applied; else it is done with, and this is its refusal, empty if there is none."""
        past = shopper.past
        if event.name == SHOPPER_ERASED and event.type == "track":
            if not self._allowed:
                moment.remarks.append(NO_ERASURE)
            elif past is not None and self._was_heeded(past, event):
                return DUPLICATE
            else:
                self._erase(shopper, event, moment)
                return ""
        if past is None:
            return None
        if past.erased_at and (event.time <= past.erased_at or (past.suppressed and not self._returns(event))):
            moment.remarks.append(SUPPRESSED_EVENT)
            return ""
        if past.gone:
            self.revive(shopper)
        return None

    def revive(self, shopper: Shopper) -> None:
        """Somebody comes under the id of a record that has ended."""
        shopper.past = left_of(shopper.past)

    def see(self, shopper: Shopper, event: Event, now: int, new: bool) -> None:
        """An event was taken: the record has as long as `inactive` says from now on."""
        if self.inactive is None or (event.type in OF_OTHERS and not new):
            return
        past = shopper.past
        if past is None:
            past = shopper.past = Past()
        if new:
            past.epoch = event.received
        past.seen, past.expires = now, now + self.inactive
        keep_due(shopper)

    def takes_history(self, shopper: Shopper, remarks: list[str]) -> bool:
        """Whether a backfill may add to the record: it can't tell what was before an erasure."""
        if shopper.created and (shopper.past is None or not shopper.past.erased_at):
            return True
        remarks.append(GRAFT_OF_ERASED)
        return False

    def adopt(self, shopper: Shopper) -> None:
        """Take a record over from another plan. One of which it is not known when it was last seen, was seen now."""
        past = shopper.past
        if self.inactive is not None:
            if past is None:
                past = shopper.past = Past()
            past.seen = past.seen or shopper.now
            past.expires = past.seen + self.inactive
        elif past is not None:
            past.seen = past.expires = 0

    def expire(self, shopper: Shopper, moment: Moment) -> None:
        """End the record of a shopper who was not seen for `inactive`."""
        self._end_devices(shopper, moment, EXPIRED)
        past = shopper.past or Past()
        fields = {"sequence": past.erasures, "requested_at": None, "reason": None, "removed": removal_of(shopper)}
        self._tell(moment, EXPIRED, "retention", moment.now, fields)
        shopper.wipe(Past(0, past.erased_at, past.erasures, past.asked, gone=True))

    def end_device(self, shopper: Shopper, ending: Event, now: int) -> Outcome:
        """Have a device's record end with that of the user it has become; another's device by now stays."""
        outcome, book = Outcome([], []), shopper.identity
        if book is None or book.alias != ending.referred:
            return outcome
        if ending.name == ERASED:
            moment = Moment(
                self._tenant, ending.shopper, now, KIND_ERASURE, ending.message_id, outcome.decisions, outcome.remarks,
                now < self._live,
            )  # fmt: skip
            self._erase(shopper, ending, moment)
        else:
            past = shopper.past or Past()
            shopper.wipe(Past(0, past.erased_at, past.erasures, past.asked, gone=True))
        return outcome

    def _end_devices(self, shopper: Shopper, moment: Moment, how: str) -> None:
        """Tell the devices that have become this shopper's."""
        for device in shopper.identity.devices if shopper.identity is not None else ():
            if device.state != REFUSED:
                cause = f"{moment.message_id or moment.now}/{how}"
                moment.letters.append(
                    Event(ENDING, how, device.id, moment.now, moment.now, cause, referred=moment.shopper)
                )

    def _was_heeded(self, past: Past, event: Event) -> bool:
        """It was sent again, or it asked before an erasure after which the shopper came back."""
        again = past.erasures > 0 and past.asked == _fingerprint(event.message_id)
        return again or (not past.suppressed and event.time <= past.erased_at)

    def _erase(self, shopper: Shopper, event: Event, moment: Moment) -> None:
        past = shopper.past or Past()
        number, moment.now = past.erasures + 1, max(moment.now, past.erased_at)
        reason = decode_object(event.properties).get("reason")
        fields = {
            "sequence": number,
            "requested_at": event.time,
            "reason": reason[:_REASON] if type(reason) is str else None,
            "removed": removal_of(shopper),
        }
        self._tell(moment, ERASED, "erasure", number, fields)
        self._end_devices(shopper, moment, ERASED)
        asked = _fingerprint(event.message_id)
        shopper.wipe(Past(0, moment.now, number, asked, suppressed=True, gone=True))

    def _returns(self, event: Event) -> bool:
        """Whether an erased shopper may come back with it. An event on consent has to grant something."""
        if event.name not in self._rule.return_by or event.type in OF_OTHERS:
            return False
        if event.name not in CONSENT_EVENTS or event.name in (SUPPRESSED, UNSUPPRESSED):
            return True
        try:
            said = statement(event.name, decode_object(event.properties))
        except Unreadable:
            return False
        return said is not None and said.reason in (OPT_IN, REDUCED_TO)

    def _tell(self, moment: Moment, change: str, rule: str, number: int, fields: dict[str, Any]) -> None:
        """A receipt: it names nobody, neither by its fields nor by its id."""
        digest, now = self.digest(moment.shopper), moment.now
        moment.decisions.append(
            Decision(
                ERASURES,
                f"shopper.{change}",
                decision_id(self._tenant, digest, ERASURES, change, number),
                digest,
                now,
                now,
                KIND_ERASURE,
                moment.message_id,
                rule,
                {"change": change, **fields},
            )
        )


def _fingerprint(message_id: str) -> int:
    return xxhash.xxh3_64_intdigest(message_id.encode())
