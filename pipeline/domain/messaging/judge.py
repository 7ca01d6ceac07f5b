"""What becomes of the candidates that are due at an instant (semantics.md, part 7; readings.md, 46, 47 and 54)."""

from collections.abc import Mapping

from pipeline.domain.consent_definition import MARKETING, TRANSACTIONAL, ConsentDefinition
from pipeline.domain.correspondence import Candidate, Correspondence
from pipeline.domain.decision import MESSAGES, Moment
from pipeline.domain.message_definition import MessagingDefinition
from pipeline.domain.messaging.assignment import HELD_OUT, Control
from pipeline.domain.messaging.cap import DROP, LONGEST_WAIT, Caps
from pipeline.domain.messaging.consent import Consent
from pipeline.domain.messaging.experiment import EXPOSED, Experiments
from pipeline.domain.messaging.message import Message
from pipeline.domain.messaging.quiet_hours import Nights
from pipeline.domain.messaging.result import Results
from pipeline.domain.messaging.suppression import (
    CAP,
    CONSENT,
    EXPIRED,
    HOLDOUT,
    LOWER_PRIORITY,
    QUIET_HOURS,
    UNREACHABLE,
    defer,
    suppress,
)
from pipeline.domain.segments.zone import Zones
from pipeline.domain.shopper import Shopper

ON_SITE = "on-site"
"""The channel that needs no address."""


class Judge:
    """Decides candidates by the messages and the bounds of a topology."""

    __slots__ = ("_caps", "_control", "_definition", "_experiments", "_messages", "_nights", "_results", "_zones")

    def __init__(
        self,
        messaging: MessagingDefinition,
        consent: ConsentDefinition | None,
        messages: Mapping[str, Message],
        experiments: Experiments,
        results: Results,
        zones: Zones,
    ) -> None:
        self._messages, self._definition, self._zones = messages, consent, zones
        self._experiments, self._results = experiments, results
        channels = dict.fromkeys(cap.channel for cap in messaging.caps)
        self._caps = {one: Caps(cap for cap in messaging.caps if cap.channel == one) for one in channels}
        self._nights = Nights(messaging.quiet_hours) if messaging.quiet_hours is not None else None
        self._control = Control(messaging.holdout) if messaging.holdout is not None else None

    def settle(self, shopper: Shopper, kept: Correspondence, due: list[Candidate], moment: Moment) -> None:
        """Decide these, all that is due at `moment.now`: each is sent, ends, or waits on, in `kept`.

        Of those on one channel that nothing forbids one is chosen: by priority, then the earlier, then the smaller id.
        """
        consent = Consent(shopper, self._definition)
        contenders: dict[str, list[tuple[int, int, str, Candidate]]] = {}
        for candidate in due:
            message = self._messages[candidate.message]
            definition = message.definition
            reason = self._obstacle(shopper, kept, candidate, consent, moment)
            if reason is not None:
                self._end(kept, candidate, reason, moment)
                if reason == HOLDOUT and message.objection(shopper, candidate, moment.now) is None:
                    self._hold_out(kept, candidate, message, moment)
            elif definition.transactional:
                self._fit_in(shopper, kept, candidate, message.id_of(candidate, moment), consent, moment)
            else:
                standing = (-definition.priority, candidate.since, message.id_of(candidate, moment), candidate)
                contenders.setdefault(definition.channel, []).append(standing)
        for standings in contenders.values():
            standings.sort(key=lambda one: one[:3])
            for *_, loser in standings[1:]:
                self._end(kept, loser, LOWER_PRIORITY, moment)
            _, _, message_id, first = standings[0]
            self._fit_in(shopper, kept, first, message_id, consent, moment)

    def forget(self, kept: Correspondence) -> None:
        """Let go of what this topology asks for no more: shares of its holdouts, variants, places in caps."""
        key = self._control.key if self._control is not None else None
        kept.held_out = {one: held for one, held in kept.held_out.items() if one == key}
        asked = {message.definition.experiment for message in self._messages.values()}
        kept.variants = {one: variant for one, variant in kept.variants.items() if one in asked}
        kept.sent = {channel: sent for channel, sent in kept.sent.items() if channel in self._caps}

    def _obstacle(
        self, shopper: Shopper, kept: Correspondence, candidate: Candidate, consent: Consent, moment: Moment
    ) -> str | None:
        """Why a candidate is not to be sent at all, the first reason in the order of semantics.md; None if nothing."""
        message, now = self._messages[candidate.message], moment.now
        channel, transactional = message.definition.channel, message.definition.transactional
        if 0 < message.expires_at(candidate) <= now:
            return EXPIRED
        purpose = TRANSACTIONAL if transactional else MARKETING
        if not consent.allows(channel, purpose):
            return CONSENT
        if channel != ON_SITE and not consent.addresses(channel, purpose):
            return UNREACHABLE
        control = None if transactional else self._control
        if control is not None and control.holds(kept, moment.tenant, moment.shopper):
            return HOLDOUT
        return message.objection(shopper, candidate, now)

    def _fit_in(
        self,
        shopper: Shopper,
        kept: Correspondence,
        candidate: Candidate,
        message_id: str,
        consent: Consent,
        moment: Moment,
    ) -> None:
        """Send it, unless a cap or the night is in the way."""
        message, now = self._messages[candidate.message], moment.now
        definition = message.definition
        caps = None if definition.transactional else self._caps.get(definition.channel)
        if caps is not None:
            sent = kept.sent.get(definition.channel, [])
            room = caps.room(sent, now, consent.reduced(definition.channel))
            first_capped = candidate.capped or now
            if room == DROP or room > first_capped + LONGEST_WAIT:
                self._end(kept, candidate, CAP, moment)
                return
            if room:
                candidate.capped = first_capped
                defer(moment, message.identity, candidate, CAP, room)
                return
        nights = self._nights if definition.heeds_quiet_hours else None
        if nights is not None and definition.channel in nights.channels:
            end = nights.end(now, self._zones.of(shopper))
            if end:
                defer(moment, message.identity, candidate, QUIET_HOURS, nights.resumes(end, message_id))
                return
        if caps is not None:
            caps.take(kept.sent.setdefault(definition.channel, []), now, message_id)
        kept.candidates.remove(candidate)
        self._send(kept, candidate, message, moment)

    def _send(self, kept: Correspondence, candidate: Candidate, message: Message, moment: Moment) -> None:
        definition = message.definition
        channel, (variant, new) = definition.channel, self._experiments.arm(kept, definition, moment)
        fields = {
            "message": message.name,
            "channel": channel,
            "variant": variant,
            "trigger": candidate.trigger,
            "expires_at": message.expires_at(candidate) or None,
            "priority": definition.priority,
            "payload": message.payload(candidate),
        }
        identity = (message.name, candidate.trigger)
        sent = moment.decide(MESSAGES, "message.decided", message.identity, identity, fields)
        exposure = None
        if new:
            about = {"channel": channel, "trigger": candidate.trigger, "variant": variant}
            exposure = self._experiments.tell(definition, EXPOSED, variant or "", about, moment)
        self._results.follow(kept, message, channel, variant, sent, exposure, moment)

    def _hold_out(self, kept: Correspondence, candidate: Candidate, message: Message, moment: Moment) -> None:
        """The holdout alone keeps it back: what is not bought without it is what it would have done."""
        definition = message.definition
        if self._experiments.hold_out(kept, definition, moment):
            about = {"channel": definition.channel, "trigger": candidate.trigger, "holdout": True}
            exposure = self._experiments.tell(definition, EXPOSED, HELD_OUT, about, moment)
            self._results.follow(kept, message, definition.channel, None, None, exposure, moment)

    def _end(self, kept: Correspondence, candidate: Candidate, reason: str, moment: Moment) -> None:
        kept.candidates.remove(candidate)
        suppress(moment, self._messages[candidate.message].identity, candidate, reason)
