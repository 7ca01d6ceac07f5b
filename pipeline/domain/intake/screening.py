"""Screening: what a topology wants of calls beyond their being right, around the making of canonical events.

Where `intake` is not in the topology none of this is called. Wills (will.py) pass.
"""

from collections.abc import Callable, Mapping
from typing import Any

from pipeline.domain.definition import Plan
from pipeline.domain.erasure_definition import SHOPPER_ERASED
from pipeline.domain.event import BEHAVIOUR, CONSENT_WORD, REFERRAL, Event
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.category import said_of
from pipeline.domain.intake.device_class import BOT as BOT_CLASS
from pipeline.domain.intake.device_class import DeviceClasses
from pipeline.domain.intake.enrichment import Enrichment
from pipeline.domain.intake.envelope import Envelope, context_of
from pipeline.domain.intake.omission import BOT, NOT_SAMPLED, Omission
from pipeline.domain.intake.privacy import NO_OBJECTION, Privacy, anonymise
from pipeline.domain.intake.refusal import RefusedCall
from pipeline.domain.intake.sample import Sample
from pipeline.domain.intake_definition import DROP, IntakeDefinition
from pipeline.domain.will import WILLS

Canonical = Callable[[dict[str, Any], int, bool, Envelope], Event]

_NO_PROPERTIES: Mapping[str, Any] = {}


class Screening:
    """canonical: makes the event of a call, or raises RefusedCall. aliases: name as sent -> standard name."""

    def __init__(
        self, plan: Plan, definition: IntakeDefinition, canonical: Canonical, aliases: Mapping[str, str]
    ) -> None:
        self._canonical, self._aliases = canonical, aliases
        self._purposes = plan.consent.categories if plan.consent is not None else {}
        self._devices = DeviceClasses()
        self._bots = definition.bots
        self._privacy = Privacy(definition.privacy) if definition.privacy is not None else None
        self._sample = Sample(plan.name, definition.sample) if definition.sample is not None else None
        self._enrichment = Enrichment(definition.enrich, self._devices) if definition.enrich else None

    def event(self, call: dict[str, Any], received: int, from_field: bool, envelope: Envelope) -> Event | Omission:
        """The event of a call, or why it is left out. Raises RefusedCall."""
        context, properties = context_of(call, envelope), call.get("properties")
        objection = NO_OBJECTION
        if self._privacy is not None and not self._is_will(call):
            objection = self._privacy.objection(context)
        if objection.reason and not anonymise(call, objection.action):
            said = said_of(context, self._purposes)
            return (
                self._word(call, received, from_field, envelope, objection.reason)
                if said
                else Omission(objection.reason)
            )
        event = self._canonical(call, received, from_field, envelope)
        if objection.reason:
            event.flags = (*event.flags, objection.reason)
        if self._sample is not None and event.name != SHOPPER_ERASED and not self._sample.takes(event.shopper):
            return Omission(NOT_SAMPLED)
        if self._bots and event.name not in WILLS and self._devices.of(context) == BOT_CLASS:
            if self._bots == DROP:
                return Omission(BOT)
            event.flags = (*event.flags, BOT)
        if self._enrichment is not None and event.type in BEHAVIOUR:
            known = properties if type(properties) is dict else _NO_PROPERTIES
            event.properties = self._enrichment.enriched(event.properties, context, known)
        return event

    def sampled(self, calls: list[Answer]) -> list[Answer]:
        """What a value came to, without what it tells shoppers who are not in the sample of others."""
        sample = self._sample
        if sample is None:
            return calls
        return [
            Omission(NOT_SAMPLED)
            if isinstance(one, Event) and one.type == REFERRAL and not sample.takes(one.shopper)
            else one
            for one in calls
        ]

    def _is_will(self, call: Mapping[str, Any]) -> bool:
        name = call.get("event")
        return type(name) is str and self._aliases[name] in WILLS

    def _word(
        self, call: dict[str, Any], received: int, from_field: bool, envelope: Envelope, reason: str
    ) -> Event | Omission:
        """What a call that is not to be taken says on consent: it may be the withdrawal, and is heard."""
        try:
            event = self._canonical(call, received, from_field, envelope)
        except RefusedCall:
            # Dead letters are kept, which this one may not be.
            return Omission(reason)
        if self._sample is not None and not self._sample.takes(event.shopper):
            return Omission(NOT_SAMPLED)
        return Event(
            CONSENT_WORD, CONSENT_WORD, event.shopper, event.time, event.received, event.message_id, event.body,
            flags=(*event.flags, reason), anonymous=event.anonymous, consents=event.consents,
        )  # fmt: skip
