"""Intake as a function: one value of the clickstream in, its events and refusals out. Keeps no state but memoised
names; nothing that it says depends on what came before."""

from collections.abc import Callable
from typing import Any

import msgspec
from xxhash import xxh3_128_hexdigest, xxh32_intdigest

from pipeline.domain.definition import Plan
from pipeline.domain.event import BEHAVIOUR, CALLS, EMPTY_OBJECT, NOWHERE, Event
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.intake.answer import Answer
from pipeline.domain.intake.body import DELIVERY, encode, encode_kept
from pipeline.domain.intake.category import said_of, tells
from pipeline.domain.intake.claim import Claims
from pipeline.domain.intake.clock import Clock
from pipeline.domain.intake.commerce import COMMERCE, check_commerce
from pipeline.domain.intake.device import locale_of, token_of
from pipeline.domain.intake.envelope import BATCH_KEY, LIMIT, SINGLE, Envelope, context_of, decode_call, open_envelope
from pipeline.domain.intake.identity import anonymous, identifier
from pipeline.domain.intake.omission import Omission
from pipeline.domain.intake.provider.webhook import read_webhook
from pipeline.domain.intake.referrer import Referrers, origin_of
from pipeline.domain.intake.refusal import (
    INVALID_PROPERTIES,
    INVALID_TRAITS,
    MISSING_EVENT,
    NO_CALL,
    OVERSIZE,
    UNDECODABLE,
    UNKNOWN_TYPE,
    Refusal,
    RefusedCall,
)
from pipeline.domain.intake.screening import Screening

DERIVED_ID = "derived_id"
_ZONE_LIMIT = 64
_Raw = msgspec.Raw


class Intake:
    """Clients' calls into canonical events, by the aliases and the future skew of a plan."""

    def __init__(self, plan: Plan) -> None:
        self._aliases = Aliases(plan.aliases)
        self._clock = Clock(plan.future_skew)
        self._devices = plan.consent is not None
        self._locales = plan.messaging is not None and plan.messaging.tells_recipients
        self._purposes = plan.consent.categories if plan.consent is not None else {}
        self._referrers = Referrers(plan.programmes)
        self._referring = self._referrers.events
        self._claims = Claims(plan.identities) if plan.identities is not None else None
        self._event: Callable[[dict[str, Any], int, bool, Envelope], Event | Omission] = self._canonical
        self._screening = None
        if plan.intake is not None:
            self._screening = Screening(plan, plan.intake, self._canonical, self._aliases)
            self._event = self._screening.event

    def accept(self, value: bytes | None, received: int, *, from_field: bool = False) -> list[Answer]:
        """What one value comes to: one event, refusal or omission for each of its calls, in their order, and then an
        event for each shopper that one of them was referred by (referrer.py), and for each device (claim.py). Never
        raises.

        received: when it was received, ms. from_field: the calls tell that themselves (`time.received: field`, and
        replay), `received` (0 = unknown) is only for those that have no time at all.
        """
        calls = self._calls(value, received, from_field)
        if self._referring:
            calls = self._referrers.told(calls)
            if self._screening is not None:
                calls = self._screening.sampled(calls)
        return calls if self._claims is None else self._claims.told(calls)

    def _calls(self, value: bytes | None, received: int, from_field: bool) -> list[Answer]:
        if value is None:
            return [Refusal(UNDECODABLE, b"", "no value")]
        if len(value) > LIMIT:
            return [Refusal(OVERSIZE, value, f"more than {LIMIT} bytes")]
        try:
            # Clients put `batch` first; elsewhere it shows when the value is decoded, or fails to be.
            if value.find(BATCH_KEY, 0, 16) < 0:
                call = decode_call(value)
                if "batch" not in call:
                    return [self._event(call, received, from_field, SINGLE)]
        except RefusedCall as refused:
            if BATCH_KEY not in value:
                return self._feedback(value, received, from_field, Refusal(refused.reason, value, refused.detail))
        return self._batch(value, received, from_field)

    def _batch(self, value: bytes, received: int, from_field: bool) -> list[Answer]:
        try:
            envelope, items = open_envelope(value)
        except RefusedCall as refused:
            return self._feedback(value, received, from_field, Refusal(refused.reason, value, refused.detail))
        if items is None:
            taken = self._take(value, received, from_field, SINGLE, None)
            return self._feedback(value, received, from_field, taken) if isinstance(taken, Refusal) else [taken]
        return [self._take(item, received, from_field, envelope, at) for at, item in enumerate(items)]

    def _feedback(self, value: bytes, received: int, from_field: bool, refusal: Refusal) -> list[Answer]:
        """What a provider's webhook comes to; the refusal, if the value is none."""
        parts = read_webhook(value) if refusal.reason in NO_CALL else None
        if parts is None:
            return [refusal]
        found: list[Answer] = []
        for part in parts:
            try:
                if part.refused is not None:
                    raise part.refused
                found.extend([self._event(call, received, from_field, SINGLE) for call in part.calls])
            except RefusedCall as refused:
                found.append(Refusal(refused.reason, part.original, refused.detail, part.item))
        return found

    def _take(self, value: bytes, received: int, from_field: bool, envelope: Envelope, item: int | None) -> Answer:
        try:
            return self._event(decode_call(value), received, from_field, envelope)
        except RefusedCall as refused:
            return Refusal(refused.reason, value, refused.detail, item)

    def _canonical(self, call: dict[str, Any], received: int, from_field: bool, envelope: Envelope) -> Event:
        kind = call.get("type")
        if type(kind) is not str or kind not in CALLS:
            raise RefusedCall(UNKNOWN_TYPE, "type is none of track, page, screen, identify, group, alias")
        if self._claims is None:
            user = identifier(call.get("userId"), "userId")
            shopper, anonymous_id = user or anonymous(call), ""
        else:
            shopper, user, anonymous_id = self._claims.ids(call)
        # What tells of the delivery is taken out as it is read: what is left in the end is the body.
        take = call.pop
        sent, forwarded, original = take("sentAt", None), take("receivedAt", None), take("originalTimestamp", None)
        if sent is None:
            sent = envelope.sentAt
        timestamp = call.get("timestamp")
        if from_field:
            time, received, flags = self._clock.recorded(
                received, timestamp, original, sent, forwarded, envelope.receivedAt
            )
        else:
            time, received, flags = self._clock.live(received, timestamp, original, sent, forwarded)
        context = call.get("context")
        if envelope.context is not None or type(context) is not dict:
            context = context_of(call, envelope)
        name, properties, traits = kind, EMPTY_OBJECT, EMPTY_OBJECT
        if kind == "track":
            event = call.get("event")
            if type(event) is not str or not event or event.isspace():
                raise RefusedCall(MISSING_EVENT, "a track call without the name of an event")
            name = self._aliases[event]
            properties = _properties(call, name)
        elif kind == "identify":
            traits = _traits(call, context)
        elif kind in BEHAVIOUR:
            properties = _properties(call, name)
        message_id = identifier(take("messageId", None), "messageId")
        for field in DELIVERY:
            take(field, None)
        body = encode(call)
        if message_id is None:
            message_id = f"derived-{xxh3_128_hexdigest(body)}"
            flags = (*flags, DERIVED_ID)
        zone = context.get("timezone", "")
        if type(zone) is not str or len(zone) > _ZONE_LIMIT:
            zone = ""
        consents = said_of(context, self._purposes) if self._purposes and tells(context) else ()
        device = token_of(context) if self._devices and "device" in context else ""
        locale = locale_of(context) if self._locales else ""
        fingerprint, unknown = xxh32_intdigest(body), user is None
        origin = origin_of(context) if name in self._referring else NOWHERE
        return Event(
            kind, name, shopper, time, received, message_id, fingerprint, properties, traits, zone, flags, unknown,
            consents, device, origin, "", locale, anonymous_id,
        )  # fmt: skip


def _properties(call: dict[str, Any], name: str) -> msgspec.Raw:
    """The call's properties, checked; they stay in the call as encoded, so that its body need not do it again."""
    properties = call.get("properties")
    if not properties and (properties is None or properties == {}):
        call.pop("properties", None)
        return EMPTY_OBJECT
    if type(properties) is not dict:
        raise RefusedCall(INVALID_PROPERTIES, "properties is no object")
    if name in COMMERCE:
        check_commerce(name, properties)
    raw = _Raw(encode_kept(properties))
    call["properties"] = raw
    return raw


def _traits(call: dict[str, Any], context: dict[str, Any]) -> msgspec.Raw:
    """Traits of an identify call; where they are absent or empty, those of its context (mobile and Rudder clients)."""
    traits = call.get("traits")
    if not traits and (traits is None or traits == {}):
        traits = context.get("traits")
        if traits is None:
            return EMPTY_OBJECT
    if type(traits) is not dict:
        raise RefusedCall(INVALID_TRAITS, "traits is no object")
    return _Raw(encode_kept(traits))
