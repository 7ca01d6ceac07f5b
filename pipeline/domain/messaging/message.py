"""Messages, compiled: what makes a candidate of one, what it tells, and whether what it tells of still stands."""

from collections.abc import Callable

from pipeline.domain.abandonment.instance import last_purchase
from pipeline.domain.abandonment.trigger import ABANDONED
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.correspondence import Candidate
from pipeline.domain.decision import (
    ABANDONMENT_TRIGGERS,
    EVIDENCE_FIELDS,
    LOYALTY_POINTS,
    LOYALTY_TIERS,
    MESSAGES,
    SEGMENT_CHANGES,
    Decision,
    Moment,
)
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.event import Event
from pipeline.domain.message_definition import CHANNELS, MessageDefinition
from pipeline.domain.messaging.payload import ABANDONMENT, EVENT, POINTS, SEGMENT, TIER, kept
from pipeline.domain.messaging.quiet_hours import Nights
from pipeline.domain.messaging.suppression import EXCLUSION, RECENT_PURCHASE
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY

_TOPICS = {
    ABANDONMENT_TRIGGERS: (ABANDONMENT, "kind", "change"),
    SEGMENT_CHANGES: (SEGMENT, "segment", "change"),
    LOYALTY_TIERS: (TIER, "programme", "change"),
    LOYALTY_POINTS: (POINTS, "programme", "entry"),
}
"""Topic of a decision -> what it is the source of, and its fields that tell which rule decided, and what."""

ATTRIBUTION = {"email": 5 * DAY}
"""How long an order counts as a result of a message, ms; by channel, a day by those that are not here."""

Guard = Callable[[Shopper, int], bool]


def occasion_of(decision: Decision) -> tuple[str, str, str] | None:
    """(source, name, change) of what a message may come of, see Occasion; None of what none ever comes of."""
    known = _TOPICS.get(decision.topic)
    if known is None or decision.silent:
        return None
    source, name, change = known
    return source, decision.fields[name], decision.fields[change]


class Message:
    """One entry of `messaging.messages`."""

    __slots__ = (
        "_after_purchase",
        "_attribution",
        "_channels",
        "_expires",
        "_levels",
        "_unless",
        "definition",
        "identity",
        "name",
        "nights",
    )

    def __init__(self, definition: MessageDefinition, plan: Plan, guard: Callable[[Condition], Guard]) -> None:
        self.definition = definition
        self.name, self.identity = definition.name, definition.identity
        self._channels, self._expires = definition.channels, definition.expires
        self._unless = None if definition.unless is None else guard(definition.unless)
        self.nights = None if definition.quiet is None else Nights(definition.quiet)
        on = definition.on
        rule = _abandonment_of(definition, plan)
        self._after_purchase = 0 if rule is None else rule.after_purchase
        self._attribution = {channel: attribution_of(definition, plan, channel) for channel in CHANNELS}
        levels = {one.name: [level.name for level in one.levels] for one in plan.programmes}
        self._levels = levels.get(on.name, []) if on.source == TIER else []

    def id_of(self, candidate: Candidate, moment: Moment) -> str:
        """The id of the decision to send it."""
        return moment.id_of(MESSAGES, self.identity, *candidate.identity)

    def channel_of(self, candidate: Candidate) -> str:
        """The channel that a candidate is for; "" of one whose channel is in the topology no more."""
        channels, step = self._channels, 0 if candidate.escalation is None else candidate.escalation.step
        return channels[step] if step < len(channels) else ""

    def of_event(self, event: Event, moment: Moment) -> Candidate:
        """A candidate, as an event asks for the message itself."""
        told = {"name": event.name, "properties": bytes(event.properties).decode()}
        payload = kept(EVENT, told, moment.remarks, reference=self.definition.reference)
        return Candidate(self.name, event.message_id, moment.now, 0, payload=payload)

    def of_decision(self, decision: Decision, moment: Moment) -> Candidate:
        """A candidate, as a decision asks for the message."""
        source, fields = self.definition.on.source, decision.fields
        told, about = fields, ""
        if source == ABANDONMENT:
            about = fields["instance"]
        elif source == TIER:
            about = fields["from" if fields["change"] == "will_downgrade" else "to"]
        elif source == POINTS:
            told = {name: value for name, value in fields.items() if name not in EVIDENCE_FIELDS}
        payload = kept(source, told, moment.remarks, reference=self.definition.reference)
        return Candidate(self.name, decision.id, moment.now, 0, about=about, payload=payload)

    def expires_at(self, candidate: Candidate) -> int:
        """ms; 0 = never."""
        return 0 if self._expires is None else candidate.since + self._expires

    def attribution(self, channel: str) -> int:
        """How long after it an order counts as its result, ms."""
        return self._attribution[channel]

    def due(self, candidate: Candidate) -> int:
        """When the candidate has to be looked at, ms."""
        until = candidate.until
        if self._expires is None:
            return until
        expires = candidate.since + self._expires
        return expires if expires < until else until

    def objection(self, shopper: Shopper, candidate: Candidate, now: int) -> str | None:
        """Why it is not to be sent: what it tells of stands no more, or `unless` holds; else None."""
        on, about = self.definition.on, candidate.about
        if on.source == ABANDONMENT:
            purchase = last_purchase(shopper, cancelled=False)
            if candidate.undone or (purchase and now < purchase + self._after_purchase):
                return RECENT_PURCHASE
        elif on.source == SEGMENT:
            membership = shopper.memberships.get(on.name)
            if (membership is not None and membership.member) is not (on.change == "entered"):
                return EXCLUSION
        elif on.source == TIER:
            standing = shopper.standings.get(on.name)
            if standing is None or not self._levels or self._levels[min(standing.held, len(self._levels) - 1)] != about:
                return EXCLUSION
        if candidate.escalation is not None and candidate.escalation.opened:
            return EXCLUSION
        return EXCLUSION if self._unless is not None and self._unless(shopper, now) else None


def attribution_of(definition: MessageDefinition, plan: Plan, channel: str) -> int:
    """How long after a message an order counts as its result, ms: as stated, else as long as its abandonment can be
    recovered, else by channel (semantics.md, part 8)."""
    if definition.attribution is not None:
        return definition.attribution
    rule = _abandonment_of(definition, plan)
    return ATTRIBUTION.get(channel, DAY) if rule is None else rule.recovered_within


def _abandonment_of(definition: MessageDefinition, plan: Plan) -> AbandonmentDefinition | None:
    on = definition.on
    return next((one for one in plan.abandonments if on.source == ABANDONMENT and one.name == on.name), None)


def undoes(decision: Decision) -> str | None:
    """The instance of an abandonment that a decision says was ordered, or never abandoned; else None."""
    if decision.topic != ABANDONMENT_TRIGGERS or decision.fields["change"] == ABANDONED:
        return None
    instance: str = decision.fields["instance"]
    return instance
