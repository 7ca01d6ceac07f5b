"""Deciding: what one record or one due instant of a shopper leads to. Plain functions over plain state.

`decide` and `on_due` are the whole of the core's surface. They read no clock: *now* comes in, and never runs backwards
for a shopper. Timers that are due fire before a record is applied, each at its own instant (readings.md, 3).
"""

from collections.abc import Sequence
from typing import Any

from pipeline.domain.abandonment.abandonment import Abandonment
from pipeline.domain.acquaintance import Acquaintance
from pipeline.domain.commerce.cart import Carts
from pipeline.domain.commerce.order import DUPLICATE, Orders
from pipeline.domain.decision import (
    KIND_BACKFILL,
    KIND_DEFINITION_CHANGE,
    KIND_ERASURE,
    KIND_EVENT,
    KIND_TIMER,
    Decision,
    Moment,
    take_last,
)
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.due import StalledTimer, keep_due
from pipeline.domain.erasure import Erasure
from pipeline.domain.erasure_definition import SHOPPER_ERASED
from pipeline.domain.event import OF_OTHERS, Event, decode_object
from pipeline.domain.graft import Graft, join, pieces_for
from pipeline.domain.hot_key import HotKeys
from pipeline.domain.identity.merging import Merger
from pipeline.domain.loyalty.loyalty import Loyalty
from pipeline.domain.message import take_message
from pipeline.domain.messaging.arbiter import Arbiter
from pipeline.domain.outcome import Outcome
from pipeline.domain.reading import Reading
from pipeline.domain.readings import Readings
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.derivation import Derivations
from pipeline.domain.segments.filter_index import shown
from pipeline.domain.segments.kept_state import RESTING, KeptState
from pipeline.domain.segments.segment import Segment, Segments
from pipeline.domain.segments.window import Folded
from pipeline.domain.shopper import Shopper
from pipeline.domain.visit import GAP, fold_visit

_NOTHING: dict[str, Any] = {}
_NONE: Sequence[Decision] = ()


class Engine:
    """A plan, compiled; state is in the records. pieces: fingerprints of what events are folded into."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._tenant = plan.name
        self.digest = int(plan.digest[:8], 16)
        self._late = plan.late_segments
        self._live = plan.live_from
        self.carts = Carts(plan)
        self._orders = Orders(plan)
        self._conditions = Conditions(self.carts, plan.late_segments, plan.currency, plan.timezone)
        self._segments = Segments(plan.segments, self._conditions)
        self.derivations = Derivations(plan, self._conditions)
        self._abandonment = Abandonment(plan, self.carts, self._guard)
        self.loyalty = Loyalty(plan, lambda: self._conditions.watch_zones().of)
        self._arbiter = Arbiter(plan, self._guard, self._conditions)
        self._messaging = plan.messaging is not None
        self._readings = Readings(
            self._conditions, self._segments, self.derivations, self._abandonment, self._arbiter.names,
            self.loyalty.names, messaging=self._messaging,
        )  # fmt: skip
        self._acquaintance = Acquaintance(plan, self._conditions, self._readings)
        self.erasure = Erasure(plan)
        self._hot_keys = HotKeys(plan.hot_keys) if plan.hot_keys is not None else None
        self._watches = self._hot_keys is not None or plan.inactive is not None
        self._kept = KeptState(self._conditions)
        self.merger = Merger(
            self.digest, self._conditions, self._segments, self.derivations, self._abandonment, self.loyalty,
            self._acquaintance.consents, self._arbiter if self._messaging else None,
        )  # fmt: skip
        self._zones = self._conditions.zones
        self.pieces = pieces_for(self._conditions)

    def _guard(self, condition: Condition) -> Any:
        look = self._conditions.compile(condition)
        return lambda shopper, now: look(shopper, now)[0]

    def reading(self, event: Event) -> Reading:
        """The rules that an event touches by its name."""
        return self._readings.of(event)

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int = 0) -> Outcome:
        """Apply one record at `now` (ms, its received time as raised), after the shopper's timers due by then.
        changed_at: see `adopt`."""
        outcome = Outcome([], [])
        if now < shopper.now:
            now = shopper.now
        if shopper.created and (0 < shopper.due <= now or shopper.plan != self.digest):
            self._advance(shopper, event.shopper, now, outcome, changed_at)
        if (shopper.past is not None or event.name == SHOPPER_ERASED) and self._is_done(shopper, event, now, outcome):
            return outcome
        new = not shopper.created
        if new:
            shopper.created, shopper.plan = now, self.digest
        shopper.now = now
        refusal = take_message(shopper, event.message_id, event.body, now)
        if refusal is not None:
            outcome.refusal = refusal if event.type not in OF_OTHERS else "duplicate"
            return outcome
        if self._watches:
            if self._hot_keys is not None and self._hot_keys.leaves_out(shopper, event, outcome.remarks):
                return outcome
            self.erasure.see(shopper, event, now, new)
        reading, late = self._readings.of(event), now - event.time > self._late
        if event.type in OF_OTHERS:
            # It is another shopper's event, and was refused as that one's if it was to be.
            late = False
        else:
            shopper.anonymous = event.anonymous and shopper.anonymous is not False
        if late:
            outcome.refusal = "late"
        elif reading.behaviour:
            fold_visit(shopper, event.time, now - self._late - GAP)
        tells = event.timezone or event.locale or event.consents or event.device
        moves = tells and self._acquaintance.hears(shopper, event, late)
        if moves or not (reading.idle_of_new if new else reading.idle):
            moment = self._moment(shopper, event.shopper, KIND_EVENT, event.message_id, outcome)
            if RESTING in shopper.windows:
                self._kept.clear(shopper)
            apply = self._apply if moves or not reading.plain else self._count
            apply(shopper, event, reading, late, moment, new)
            keep_due(shopper)
        return outcome

    def on_due(self, shopper: Shopper, shopper_id: str, until: int, changed_at: int = 0) -> Outcome:
        """Let time pass up to `until` (ms): every timer due by then fires, in order, each at its own instant.

        changed_at: see `adopt`.
        """
        outcome = Outcome([], [])
        if shopper.past is None or not shopper.past.gone:
            self._advance(shopper, shopper_id, until, outcome, changed_at)
        return outcome

    def is_of_this_plan(self, shopper: Shopper) -> bool:
        """Whether the memberships of the record were decided under this plan."""
        return shopper.plan == self.digest

    def adopt(self, shopper: Shopper, shopper_id: str, changed_at: int = 0) -> Outcome:
        """Bring a record that was decided under another plan under this one: the net difference, at one instant.

        changed_at: when this plan took over, ms. It is the instant, unless the shopper's own now is later. A timer of
        the old plan that is due by then has yet to fire: it comes first, and what it does is no change of definition.
        """
        outcome = Outcome([], [])
        if not 0 < shopper.due <= changed_at:
            shopper.now = max(shopper.now, changed_at)
        self.erasure.adopt(shopper)
        moment = self._moment(shopper, shopper_id, KIND_DEFINITION_CHANGE, None, outcome)
        moment.silent = True
        self._kept.fit(shopper)
        self.loyalty.reassess(shopper, moment)
        posted = take_last(moment.decisions, 0)
        self._segments.adopt(shopper, moment)
        self.derivations.adopt(shopper, moment)
        self._abandonment.adopt(shopper)
        moment.decisions.extend(posted)
        self._arbiter.adopt(shopper, moment)
        shopper.plan = self.digest
        if shopper.now < self._live:
            for decision in outcome.decisions:
                decision.silent = True
        keep_due(shopper)
        return outcome

    def graft(self, shopper: Shopper, shopper_id: str, graft: Graft, until: int, changed_at: int = 0) -> Outcome:
        """Take in what the record did not keep of earlier events, at `until` (ms), after the timers due by then: the
        net difference, at one instant. changed_at: see `adopt`."""
        outcome = self.on_due(shopper, shopper_id, until, changed_at)
        if not self.erasure.takes_history(shopper, outcome.remarks):
            return outcome
        shopper.now = max(shopper.now, until)
        join(self._conditions, shopper, graft, outcome.remarks)
        moment = self._moment(shopper, shopper_id, KIND_BACKFILL, None, outcome)
        moment.silent = True
        self._segments.evaluate(shopper, moment, self._segments.all)
        self.derivations.adopt(shopper, moment)
        keep_due(shopper)
        return outcome

    def _count(self, shopper: Shopper, event: Event, reading: Reading, late: bool, moment: Moment, new: bool) -> None:
        """What `_apply` comes to for a plain reading: half of all events, for which asking about everything else took
        a fifth of their instructions."""
        if not late:
            properties = decode_object(event.properties) if reading.properties else _NOTHING
            for window in reading.windows:
                window.take(shopper, event.time, properties, moment.remarks)
        segments = reading.segments_of_new if new else reading.segments
        if segments:
            self._segments.evaluate(shopper, moment, segments)

    def _apply(self, shopper: Shopper, event: Event, reading: Reading, late: bool, moment: Moment, new: bool) -> None:
        begun = len(moment.decisions)
        if not late and (reading.traits or (event.timezone and self._zones is not None)):
            known = self._acquaintance.know(shopper, event, reading, moment.remarks)
            if reading.traits or known is not reading:
                self.loyalty.on_profile(shopper, moment.now)
            reading = known
        properties = decode_object(event.properties) if reading.properties else _NOTHING
        agreed = _NONE
        if reading.consent or event.consents or event.device:
            told = len(moment.decisions)
            reading = self._acquaintance.heed(shopper, event, reading, properties, moment)
            agreed = take_last(moment.decisions, told)
        windows: Sequence[Folded] = reading.windows
        segments: Sequence[Segment] = reading.segments_of_new if new else reading.segments
        indexed = reading.indexed
        if indexed is not None:
            showing = shown(properties, indexed.windows.paths)
            windows = indexed.windows.touched_by(showing)
            segments = (indexed.segments_of_new if new else indexed.segments).touched_by(showing)
        changes = self._orders.fold(shopper, event, properties, moment) if reading.order else []
        repeated = bool(changes) and DUPLICATE in [change.kind for change in changes]
        cart = None
        if reading.cart and (reading.order or not late):
            cart = self.carts.fold(shopper, event, properties, moment, repeated)
        if not late and not repeated:
            for window in windows:
                window.take(shopper, event.time, properties, moment.remarks)
            for edge in reading.edges:
                edge.take(shopper, event, properties, moment.remarks)
            for sequence in reading.sequences:
                sequence.take(shopper, event, properties, moment.remarks)
        # Conditions ask for tiers, points and consent, those for no condition; theirs stand last (readings.md, 53).
        posted = agreed
        if reading.order or reading.earning:
            told = len(moment.decisions)
            self.loyalty.on_event(shopper, event, properties, changes, moment)
            posted = [*take_last(moment.decisions, told), *agreed]
        if segments:
            self._segments.evaluate(shopper, moment, segments)
        derivations = reading.derivations_of_new if new else reading.derivations
        if derivations:
            self.derivations.evaluate(shopper, moment, derivations)
        if reading.abandonment:
            self._abandonment.on_event(shopper, event, properties, moment, cart, changes)
        if posted:
            moment.decisions.extend(posted)
        if self._messaging:
            self._arbiter.on_event(shopper, event, changes, begun, moment, asks=reading.behaviour and not repeated)

    def _advance(self, shopper: Shopper, shopper_id: str, until: int, outcome: Outcome, changed_at: int) -> None:
        if shopper.plan != self.digest:
            outcome.decisions.extend(self.adopt(shopper, shopper_id, changed_at).decisions)
        while 0 < shopper.due <= until:
            due = shopper.due
            shopper.now = max(due, shopper.now)
            moment = self._moment(shopper, shopper_id, KIND_TIMER, None, outcome)
            if 0 < shopper.orders_due <= due:
                self._orders.on_due(shopper, moment)
            told, posted = len(outcome.decisions), _NONE
            if 0 < shopper.loyalty_due <= due:
                self.loyalty.on_due(shopper, moment)
                posted = take_last(outcome.decisions, told)
            if 0 < shopper.segments_due <= due:
                self._segments.on_due(shopper, moment)
            if shopper.derived is not None:
                self.derivations.on_due(shopper, moment, segments_moved=len(outcome.decisions) > told)
            if 0 < shopper.abandonment_due <= due:
                self._abandonment.on_due(shopper, moment)
            if posted:
                outcome.decisions.extend(posted)
            if self._messaging:
                self._arbiter.on_due(shopper, told, moment)
            if shopper.past is not None and 0 < shopper.past.expires <= due:
                ending = self._moment(shopper, shopper_id, KIND_ERASURE, None, outcome)
                ending.silent = True
                self._segments.leave(shopper, ending)
                self.erasure.expire(shopper, ending)
            keep_due(shopper)
            if 0 < shopper.due <= due:
                raise StalledTimer("a timer did not move on")
        for decision in outcome.decisions:
            decision.decided_at = max(decision.decided_at, until)

    def _is_done(self, shopper: Shopper, event: Event, now: int, outcome: Outcome) -> bool:
        """Whether the event asks for an erasure, or is none of the record that the shopper has now; see erasure.py."""
        moment = self._moment(shopper, event.shopper, KIND_ERASURE, event.message_id, outcome)
        moment.now, moment.silent = now, now < self._live
        refusal = self.erasure.heed(shopper, event, moment)
        outcome.refusal = refusal or None
        return refusal is not None

    def _moment(self, shopper: Shopper, shopper_id: str, kind: str, message_id: str | None, outcome: Outcome) -> Moment:
        past = shopper.past
        return Moment(
            self._tenant, shopper_id, shopper.now, kind, message_id, outcome.decisions, outcome.remarks,
            shopper.now < self._live, outcome.letters, 0 if past is None else past.epoch,
        )  # fmt: skip
