"""The arbiter: whatever asks for a message gets exactly one message or one suppression (semantics.md, part 7).

A candidate waits for the end of its channel's arbitration, whose length the first candidate fixes, and is decided
then. One that a cap or the night defers is decided anew at the instant up to which it waits, with whatever else is due
then. A transactional message is decided at once: it waits for no other, and takes no other's place.
"""

from collections.abc import Callable, Iterable, Sequence
from zoneinfo import ZoneInfo

from pipeline.domain.commerce.order import ORDER_COMPLETED, OrderChange
from pipeline.domain.correspondence import Candidate, Correspondence
from pipeline.domain.decision import Decision, Moment
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.event import Event, decode_object
from pipeline.domain.message_definition import MessagingDefinition
from pipeline.domain.messaging.cap import mark, release
from pipeline.domain.messaging.escalation import OPENED, after_failure, after_waiting, end_by_opening
from pipeline.domain.messaging.experiment import Experiments
from pipeline.domain.messaging.judge import Judge
from pipeline.domain.messaging.message import Guard, Message, occasion_of, undoes
from pipeline.domain.messaging.payload import ABANDONMENT, EVENT
from pipeline.domain.messaging.result import FEEDBACK, MESSAGE_FAILED, Results
from pipeline.domain.messaging.suppression import EXCLUSION, LOWER_PRIORITY, REMOVED, suppress
from pipeline.domain.messaging.union import join_messages
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.zone import Zones
from pipeline.domain.shopper import Shopper

# Candidates of a shopper that wait. Of more, the one that would be chosen last ends; counted as `message_limit`.
WAITING = 50


class Arbiter:
    """The policy over all messages of a plan. Keeps `Shopper.messages`. names: of the events that it reads."""

    __slots__ = (
        "_arbitration", "_judge", "_late", "_live", "_messages", "_of_decisions", "_of_events", "_results", "names",
    )  # fmt: skip

    def __init__(self, plan: Plan, guard: Callable[[Condition], Guard], conditions: Conditions) -> None:
        """guard: compiles a condition to (shopper, now in ms) -> true now? conditions: where it does."""
        messaging = plan.messaging or MessagingDefinition(())
        clocks = messaging.quiet_hours is not None or any(one.quiet or not one.reference for one in messaging.messages)
        zones = conditions.watch_zones() if clocks else Zones(ZoneInfo(plan.timezone))
        self._arbitration, self._late = messaging.arbitration, plan.late_triggers
        self._live = plan.live_from
        self._messages = {one.name: Message(one, plan, guard) for one in messaging.messages}
        experiments = Experiments(messaging)
        self._results = Results(plan, self._messages, experiments)
        self._judge = Judge(messaging, plan.consent, self._messages, experiments, self._results, zones)
        self._of_decisions: dict[tuple[str, str, str], list[Message]] = {}
        self._of_events: dict[str, list[Message]] = {}
        for message in self._messages.values():
            on = message.definition.on
            if on.source == EVENT:
                self._of_events.setdefault(on.name, []).append(message)
            else:
                self._of_decisions.setdefault((on.source, on.name, on.change), []).append(message)
        self.names = frozenset({*self._of_events, *((*FEEDBACK, ORDER_COMPLETED) if messaging.messages else ())})

    def on_event(
        self, shopper: Shopper, event: Event, orders: Sequence[OrderChange], told: int, moment: Moment, *, asks: bool
    ) -> None:
        """After all else has seen an event. orders: what it did to them. told: the decisions of `moment` from there on
        are of this event. asks: it may ask for messages itself; a copy, or one that is late, may not."""
        candidates = self._asked_by(shopper, moment.decisions[told:], moment)
        if event.name in self.names:
            if event.name in FEEDBACK:
                candidates += self._heed(shopper, event, moment)
            elif orders and shopper.messages is not None:
                kept = shopper.correspondence()
                self._results.on_orders(kept, orders, event, moment)
                self._keep(shopper, kept)
            if asks and moment.now - event.time <= self._late:
                candidates += [one.of_event(event, moment) for one in self._of_events.get(event.name, ())]
        if candidates:
            self._enter(shopper, candidates, moment)

    def on_due(self, shopper: Shopper, told: int, moment: Moment) -> None:
        """Decide what is due at `moment.now`, then take in what the timers before it ask for; told: see on_event."""
        decided, candidates = moment.decisions[told:], []
        if shopper.messages is not None and 0 < shopper.messages.due <= moment.now:
            kept = shopper.correspondence()
            self._results.forget(kept, moment.now)
            candidates = self._unopened(kept, moment)
            self._settle(shopper, kept, moment)
        if decided:
            candidates += self._asked_by(shopper, decided, moment)
        if candidates:
            self._enter(shopper, candidates, moment)

    def adopt(self, shopper: Shopper, moment: Moment) -> None:
        """Take the record over from another plan: candidates for messages that are gone end, the others wait on. What
        the change makes of a loud segment asks for messages as ever."""
        if shopper.messages is not None:
            kept = shopper.correspondence()
            for candidate in [one for one in kept.candidates if self._is_gone(one)]:
                kept.candidates.remove(candidate)
                if not candidate.waits:
                    suppress(moment, REMOVED, "", candidate, EXCLUSION)
            self._judge.forget(kept)
            self._results.forget(kept, moment.now)
            self._keep(shopper, kept)
        candidates = self._asked_by(shopper, moment.decisions, moment)
        if candidates:
            moment.silent = False
            self._enter(shopper, candidates, moment)

    def join(self, shopper: Shopper, other: Correspondence, renamed: dict[str, str], moment: Moment) -> None:
        """Take in what the record of another id of the same person holds. renamed: see abandonment's Union.join."""
        kept = shopper.correspondence()
        other.candidates = [one for one in other.candidates if not self._is_gone(one)]
        for candidate in other.candidates:
            if self._messages[candidate.message].definition.on.source == ABANDONMENT:
                candidate.about = renamed.get(candidate.about, candidate.about)
        join_messages(kept, other, moment.remarks)
        while len(kept.candidates) > WAITING:
            self._make_room(kept, moment)
        self._keep(shopper, kept)

    def _asked_by(self, shopper: Shopper, decisions: Iterable[Decision], moment: Moment) -> list[Candidate]:
        """Candidates for the messages that decisions ask for. What they take back is noted of those that wait."""
        candidates = []
        for decision in decisions:
            occasion = occasion_of(decision)
            if occasion is None:
                continue
            instance = undoes(decision)
            if instance is not None and shopper.messages is not None:
                self._undo(shopper, shopper.correspondence(), instance)
            for message in self._of_decisions.get(occasion, ()):
                if message.definition.on.stage in (0, decision.fields.get("stage")):
                    candidates.append(message.of_decision(decision, moment))
        return candidates

    def _undo(self, shopper: Shopper, kept: Correspondence, instance: str) -> None:
        for candidate in list(kept.candidates):
            on = self._messages[candidate.message].definition.on
            if on.source == ABANDONMENT and candidate.about == instance:
                candidate.undone = True
                if candidate.waits:
                    kept.candidates.remove(candidate)
        self._keep(shopper, kept)

    def _unopened(self, kept: Correspondence, moment: Moment) -> list[Candidate]:
        """What asks on another channel now, as a message was not opened until now."""
        asking = []
        for candidate in [one for one in kept.candidates if one.waits]:
            message = self._messages[candidate.message]
            if message.due(candidate) <= moment.now:
                kept.candidates.remove(candidate)
                expires = message.expires_at(candidate)
                following = after_waiting(message.definition, candidate, moment.now)
                if following is not None and not 0 < expires <= moment.now:
                    asking.append(following)
        return asking

    def _is_gone(self, candidate: Candidate) -> bool:
        """Whether the topology has neither its message nor, of one that goes on, a channel to go to."""
        message = self._messages.get(candidate.message)
        return message is None or candidate.step + candidate.waits >= len(message.definition.channels)

    def _enter(self, shopper: Shopper, candidates: Iterable[Candidate], moment: Moment) -> None:
        """Let candidates wait for the end of their channel's arbitration, or decide them at once. History asks for
        none."""
        if moment.now < self._live:
            return
        kept = shopper.correspondence()
        for candidate in candidates:
            message = self._messages[candidate.message]
            if message.definition.transactional:
                candidate.until, candidate.contends = moment.now, False
            else:
                channel = message.channel_of(candidate)
                candidate.until, candidate.contends = self._end_of_arbitration(kept, channel, moment.now), True
            kept.candidates.append(candidate)
            if len(kept.candidates) > WAITING:
                self._make_room(kept, moment)
        self._settle(shopper, kept, moment)

    def _end_of_arbitration(self, kept: Correspondence, channel: str, now: int) -> int:
        for candidate in kept.candidates:
            if candidate.contends and self._messages[candidate.message].channel_of(candidate) == channel:
                return candidate.until
        return now + self._arbitration

    def _make_room(self, kept: Correspondence, moment: Moment) -> None:
        moment.remarks.append("message_limit")
        last = max(kept.candidates, key=lambda one: self._rank(one, moment))
        kept.candidates.remove(last)
        message = self._messages[last.message]
        if not last.waits:
            suppress(moment, message.identity, message.channel_of(last), last, LOWER_PRIORITY)

    def _rank(self, candidate: Candidate, moment: Moment) -> tuple[bool, bool, int, int, str]:
        message = self._messages[candidate.message]
        definition, message_id = message.definition, message.id_of(candidate, moment)
        return (
            candidate.waits,
            not definition.transactional,
            -definition.priority,
            candidate.since,
            message_id,
        )

    def _settle(self, shopper: Shopper, kept: Correspondence, moment: Moment) -> None:
        messages, now = self._messages, moment.now
        due = [one for one in kept.candidates if not one.waits and messages[one.message].due(one) <= now]
        instead = self._judge.settle(shopper, kept, due, moment) if due else ()
        if instead:
            self._enter(shopper, instead, moment)
        else:
            self._keep(shopper, kept)

    def _keep(self, shopper: Shopper, kept: Correspondence) -> None:
        """Note when to look next; a record that holds nothing of messages is as one that never did."""
        if not (kept.candidates or kept.sent or kept.variants or kept.held_out or kept.followed):
            shopper.messages = None
        elif shopper.messages is not None:
            messages = self._messages
            dues = [messages[one.message].due(one) for one in kept.candidates]
            if kept.followed:
                dues += self._results.ends(kept)
            shopper.messages.due = min(dues, default=0)

    def _heed(self, shopper: Shopper, event: Event, moment: Moment) -> list[Candidate]:
        """Feedback on a message. One that was not sent after all counts against no cap, and what asks on its next
        channel comes back; one that was opened goes on to none."""
        if shopper.messages is None:
            moment.remarks.append("unknown_message")
            return []
        kept, instead = shopper.correspondence(), None
        known = self._results.on_feedback(kept, event, moment)
        message_id = mark(decode_object(event.properties).get("message_id"))
        if message_id is not None and event.name == MESSAGE_FAILED:
            known |= release(kept, message_id)
            instead = after_failure(kept, message_id, moment.now)
        elif message_id is not None and event.name in OPENED:
            end_by_opening(kept, message_id)
        if not known and instead is None:
            moment.remarks.append("unknown_message")
        self._keep(shopper, kept)
        return [] if instead is None else [instead]
