"""Contact addresses: where a shopper can be written to, and how addresses are told apart without being kept."""

import hashlib
from collections.abc import Sequence
from typing import Any

from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper

EMAIL, SMS, PUSH = "email", "sms", "push"
LOCALE = "locale"

# readings.md, 48
_TRAITS = {EMAIL: "email", SMS: "phone"}


def contact_traits(channel: str) -> Sequence[str]:
    """The profile traits that hold addresses of a channel."""
    return (_TRAITS[channel],) if channel in _TRAITS else ()


def contacts(shopper: Shopper, channel: str) -> Sequence[str]:
    """The addresses that the shopper has told of on a channel, as sent; of devices the one that was seen last first."""
    if channel == PUSH:
        words = shopper.words
        return () if words is None else tuple(one.token for one in words.devices)
    trait = shopper.traits.get(_TRAITS.get(channel, ""))
    address = written(trait.value) if trait is not None else None
    return (address,) if address else ()


def locale_of(shopper: Shopper) -> str | None:
    """The language that the shopper reads: as the trait `locale` says it, else as the latest `context.locale` did; None
    if neither does."""
    trait = shopper.traits.get(LOCALE)
    stated = "" if trait is None or type(trait.value) is not str else trait.value.strip()[:64]
    return stated or (None if shopper.locale is None else shopper.locale[1])


def hear(shopper: Shopper, event: Event) -> None:
    """Keep the language of a call that tells one."""
    told = (event.time, event.locale)
    if shopper.locale is None or shopper.locale < told:
        shopper.locale = told


def written(value: Any) -> str | None:
    """An address as sent, "" of an empty one, None of what is neither a text nor a whole number."""
    if type(value) is int:
        return str(value)
    return value.strip() if type(value) is str else None


def normal(channel: str, address: str) -> str:
    """Two spellings of one address made the same: e-mail in small letters, numbers without what only parts them."""
    if channel == EMAIL:
        return address.strip().lower()
    if channel == SMS:
        digits = "".join(sign for sign in address if sign.isascii() and sign.isdigit())
        return f"+{digits[2:]}" if digits.startswith("00") else f"+{digits}" if address.strip()[:1] == "+" else digits
    return address.strip()


def digest(channel: str, address: str) -> str:
    """SHA-256 of the address as normal, in hex: what outputs call it."""
    return hashlib.sha256(normal(channel, address).encode()).hexdigest()


def key_of(digest: str) -> int:
    """What records call an address: 64 bits of its digest, never 0."""
    return int(digest[:16], 16) or 1
