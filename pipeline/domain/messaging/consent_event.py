"""Events that tell of consent (readings.md, 29), and the word that each of them is."""

from typing import Any

import msgspec

from pipeline.domain.consent_definition import DENIED, GRANTED, MARKETING, REDUCED
from pipeline.domain.messaging.contact import EMAIL, PUSH, SMS, written
from pipeline.domain.messaging.word import COMPLAINT, EVERY, HARD_BOUNCE, NAME, OPT_IN, OPT_OUT, REDUCED_TO

CONSENT_CHANGED = "Consent Changed"
EMAIL_BOUNCED = "Email Bounced"

_FEEDBACK = {
    "Email Unsubscribed": (EMAIL, OPT_OUT),
    "Email Marked as Spam": (EMAIL, COMPLAINT),
    EMAIL_BOUNCED: (EMAIL, HARD_BOUNCE),
    "SMS Opted Out": (SMS, OPT_OUT),
    "Push Unsubscribed": (PUSH, OPT_OUT),
}
SUPPRESSED, UNSUPPRESSED = "Shopper Suppressed", "Shopper Unsuppressed"
"""By which an administrator lets a shopper get no message whatever, and takes that back."""

CONSENT_EVENTS = frozenset({CONSENT_CHANGED, SUPPRESSED, UNSUPPRESSED, *_FEEDBACK})

_REASONS = {GRANTED: OPT_IN, DENIED: OPT_OUT, REDUCED: REDUCED_TO}
_ADDRESSES = {EMAIL: ("address", "email"), SMS: ("address", "phone"), PUSH: ("address", "token")}


class Statement(msgspec.Struct, frozen=True, gc=False):
    """What an event says. address: as sent, "" of all that the shopper has. reason: see word.REASONS."""

    channel: str
    purpose: str
    address: str
    reason: int


class Unreadable(ValueError):
    """An event on consent that does not say on which channel, or what."""


def statement(name: str, properties: dict[str, Any]) -> Statement | None:
    """What an event of CONSENT_EVENTS says, None of a bounce that is not a hard one. Raises Unreadable."""
    if name in (SUPPRESSED, UNSUPPRESSED):
        return Statement(EVERY, EVERY, "", OPT_OUT if name == SUPPRESSED else OPT_IN)
    if name == CONSENT_CHANGED:
        channel, status = _name(properties.get("channel")), properties.get("status")
        reason = _REASONS.get(status.strip().lower() if type(status) is str else "")
        if reason is None:
            raise Unreadable("status is none of granted, denied, reduced")
    else:
        channel, reason = _FEEDBACK[name]
        if reason == HARD_BOUNCE and not _hard(properties.get("bounce_type")):
            return None
    given = properties.get("purpose")
    purpose = EVERY if reason == HARD_BOUNCE else MARKETING if given is None else _name(given)
    return Statement(channel, purpose, _address(channel, properties), reason)


def _hard(kind: Any) -> bool:
    return type(kind) is str and kind.strip().lower() == "hard"


def _name(value: Any) -> str:
    """A channel or a purpose: small letters, as in topology.yaml."""
    name = value.strip().lower() if type(value) is str else ""
    if not 0 < len(name) <= NAME:
        raise Unreadable(f"a channel and a purpose are texts of at most {NAME} characters")
    return name


def _address(channel: str, properties: dict[str, Any]) -> str:
    for field in _ADDRESSES.get(channel, ("address",)):
        value = properties.get(field)
        if value is not None:
            address = written(value)
            if address is None:
                raise Unreadable(f"{field} is no text")
            return address
    return ""
