"""What becomes of the candidates that are due at an instant (semantics.md, part 7; readings.md, 46, 47 and 54)."""

from collections.abc import Mapping
from typing import Any

from pipeline.domain.consent_definition import MARKETING, TRANSACTIONAL, ConsentDefinition
from pipeline.domain.correspondence import Candidate, Correspondence
from pipeline.domain.decision import MESSAGES, Moment
from pipeline.domain.message_definition import MessageDefinition, MessagingDefinition
from pipeline.domain.messaging.assignment import HELD_OUT, Control
from pipeline.domain.messaging.cap import DROP, LONGEST_WAIT, Caps
from pipeline.domain.messaging.consent import Consent
from pipeline.domain.messaging.contact import locale_of
from pipeline.domain.messaging.escalation import after_refusal, after_sending
from pipeline.domain.messaging.experiment import EXPOSED, Experiments
from pipeline.domain.messaging.message import Message
from pipeline.domain.messaging.payload import payload_of
from pipeline.domain.messaging.quiet_hours import Nights
from pipeline.domain.messaging.result import Results
from pipeline.domain.messaging.suppression import (
    CAP,
    CONSENT,
    EXCLUSION,
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

    def settle(self, shopper: Shopper, kept: Correspondence, due: list[Candidate], moment: Moment) -> list[Candidate]:
        """Decide these, all that is due at `moment.now`: each is sent, ends, or waits on, in `kept`. What asks next, on
        another channel, instead of those that ended.

        Of those on one channel that nothing forbids one is chosen: by priority, then the earlier, then the smaller id.
        """
        instead = []
        consent = Consent(shopper, self._definition)
        contenders: dict[str, list[tuple[int, int, str, Candidate]]] = {}
        for candidate in due:
            message = self._messages[candidate.message]
            definition = message.definition
            reason = self._obstacle(shopper, kept, candidate, consent, moment)
            if reason is not None:
                self._end(kept, candidate, reason, moment)
                other = after_refusal(definition, candidate, reason, moment.now)
                instead += [] if other is None else [other]
                if reason == HOLDOUT and message.objection(shopper, candidate, moment.now) is None:
                    self._hold_out(kept, candidate, message, moment)
            elif definition.transactional:
                self._fit_in(shopper, kept, candidate, message.id_of(candidate, moment), consent, moment)
            else:
                standing = (-definition.priority, candidate.since, message.id_of(candidate, moment), candidate)
                contenders.setdefault(message.channel_of(candidate), []).append(standing)
        for standings in contenders.values():
            standings.sort(key=lambda one: one[:3])
            for *_, loser in standings[1:]:
                self._end(kept, loser, LOWER_PRIORITY, moment)
            _, _, message_id, first = standings[0]
            self._fit_in(shopper, kept, first, message_id, consent, moment)
        return instead

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
        channel, transactional = message.channel_of(candidate), message.definition.transactional
        if consent.suppressed:
            return EXCLUSION
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
        channel = message.channel_of(candidate)
        caps = None if message.definition.transactional else self._caps.get(channel)
        if caps is not None:
            sent = kept.sent.get(channel, [])
            room = caps.room(sent, now, consent.reduced(channel))
            first_capped = candidate.capped or now
            if room == DROP or room > first_capped + LONGEST_WAIT:
                self._end(kept, candidate, CAP, moment)
                return
            if room:
                candidate.capped = first_capped
                defer(moment, message.identity, channel, candidate, CAP, room)
                return
        resumes = self._resumes(shopper, message, channel, message_id, now)
        if resumes:
            defer(moment, message.identity, channel, candidate, QUIET_HOURS, resumes)
            return
        if caps is not None:
            caps.take(kept.sent.setdefault(channel, []), now, message_id)
        kept.candidates.remove(candidate)
        self._send(shopper, kept, candidate, message, message_id, consent, moment)

    def _resumes(self, shopper: Shopper, message: Message, channel: str, message_id: str, now: int) -> int:
        """When a message may go by the clock where the shopper lives, ms; 0 = now. Of its own hours and those of all,
        the later end counts."""
        general = self._nights if message.definition.heeds_quiet_hours else None
        heeded = [one for one in (message.nights, general) if one is not None and channel in one.channels]
        if not heeded:
            return 0
        zone = self._zones.of(shopper)
        ends = [(end, one) for one in heeded if (end := one.end(now, zone))]
        if not ends:
            return 0
        end, last = max(ends, key=lambda one: one[0])
        spread = last.resumes(end, message_id)
        return end if any(one.end(spread, zone) for one in heeded) else spread

    def _recipient(
        self, shopper: Shopper, consent: Consent, channel: str, definition: MessageDefinition
    ) -> dict[str, Any]:
        """Whom to send it to: where the shopper may be written to, and by which language and clock."""
        purpose = TRANSACTIONAL if definition.transactional else MARKETING
        return {
            "addresses": list(consent.addresses(channel, purpose)),
            "locale": locale_of(shopper),
            "timezone": self._zones.of(shopper).key,
        }

    def _send(
        self,
        shopper: Shopper,
        kept: Correspondence,
        candidate: Candidate,
        message: Message,
        message_id: str,
        consent: Consent,
        moment: Moment,
    ) -> None:
        definition = message.definition
        channel, (variant, new) = message.channel_of(candidate), self._experiments.arm(kept, definition, moment)
        fields = {
            "message": message.name,
            "channel": channel,
            "step": candidate.step + 1,
            "campaign": definition.experiment,
            "variant": variant,
            "trigger": candidate.trigger,
            "expires_at": message.expires_at(candidate) or None,
            "priority": definition.priority,
            "discount": definition.discount(variant),
            "recipient": None if definition.reference else self._recipient(shopper, consent, channel, definition),
            "payload": payload_of(candidate.payload),
        }
        sent = moment.decide(MESSAGES, "message.decided", message.identity, candidate.identity, fields, message_id)
        waiting = after_sending(definition, candidate, sent.id, moment.now)
        kept.candidates += [] if waiting is None else [waiting]
        exposure = None
        if new:
            about = {"channel": channel, "trigger": candidate.trigger, "variant": variant}
            exposure = self._experiments.tell(definition, EXPOSED, variant or "", about, moment)
        self._results.follow(kept, message, channel, variant, sent, exposure, moment)

    def _hold_out(self, kept: Correspondence, candidate: Candidate, message: Message, moment: Moment) -> None:
        """The holdout alone keeps it back: what is not bought without it is what it would have done."""
        definition = message.definition
        if self._experiments.hold_out(kept, definition, moment):
            channel = message.channel_of(candidate)
            about = {"channel": channel, "trigger": candidate.trigger, "holdout": True}
            exposure = self._experiments.tell(definition, EXPOSED, HELD_OUT, about, moment)
            self._results.follow(kept, message, channel, None, None, exposure, moment)

    def _end(self, kept: Correspondence, candidate: Candidate, reason: str, moment: Moment) -> None:
        kept.candidates.remove(candidate)
        message = self._messages[candidate.message]
        suppress(moment, message.identity, message.channel_of(candidate), candidate, reason)
