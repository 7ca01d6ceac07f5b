"""The canonical event: what intake makes of a client's call, and all that deciding ever sees of it."""

from typing import Any

import msgspec

EMPTY_OBJECT = msgspec.Raw(b"{}")
# A field that is its default by identity is not written: whoever has no origin to tell tells this one. An equal tuple
# cost each record 15 bytes, and 700 instructions to decode them.
NOWHERE = (0, 0)

# Track, page and screen calls are behaviour: they are what `of: "*"` counts and what keeps a visit alive.
BEHAVIOUR = frozenset({"track", "page", "screen"})
CALLS = frozenset({"track", "page", "screen", "identify", "alias", "group"})
# What intake makes of an event that refers to another shopper, for that one: no call, and no behaviour.
REFERRAL = "referral"
# What a friend's record tells the one who referred: when an order of the friend is confirmed, see loyalty/referral.py.
REFERRAL_CONFIRMED = "referral_confirmed"
OF_OTHERS = frozenset({REFERRAL, REFERRAL_CONFIRMED})
"""Of another shopper: no behaviour of the one who is told."""
# What the record of a user tells those of its devices as it ends, see erasure.py. name: how.
ENDING = "ending"
# And for the anonymous id that a user's event came with: no call either; see intake/claim.py.
CLAIM = "claim"
# Of a call that was not to be taken, what it says on consent: no call, and no behaviour; see intake/screening.py.
CONSENT_WORD = "consent_word"


class Event(msgspec.Struct, gc=False, omit_defaults=True):
    """One accepted call of one shopper, in the shape of a `shopper-events` value.

    type: one of CALLS or OF_OTHERS, CLAIM, CONSENT_WORD or ENDING.
    name: the standard event name of a track call (after aliases); otherwise the call's type.
    shopper: the shopper's id as sent: user id, else anonymous id.
    time: event time, ms since the epoch, corrected for the client's clock, never later than `received`.
    received: received time, ms since the epoch; what a shopper's *now* is made of.
    message_id: as sent, or derived from the body where the client sent none.
    body: 32-bit fingerprint of the body, to tell a repeated message from another one under the same id.
    properties: JSON object bytes, of track/page/screen calls (empty object otherwise).
    traits: JSON object bytes, of identify calls (empty object otherwise).
    timezone: IANA zone name from `context.timezone`, "" if not sent.
    flags: what intake had to correct, `skew_future`, `no_zone`, `derived_id`, `received_ahead`; or what is odd about
    the call, `bot`, `do_not_track`, `no_consent`.
    anonymous: the shopper's id is an anonymous id, as the call had no user id.
    consents: (purpose, granted?) of each category in `context.consent` that the topology gives a purpose.
    device: the push token in `context.device`, "" if not sent, or under a topology that asks for no consent.
    locale: the language in `context.locale`, "" if not sent, or under a topology whose messages do not tell it.
    origin: fingerprints of device and network address, of events that refer (referrer.py), else 0.
    referred: of one of OF_OTHERS, a CLAIM or an ENDING, the shopper whose event it is.
    anonymous_id: the device, of a user's event that came with one, "" under a topology without `identity`.
    """

    type: str
    name: str
    shopper: str
    time: int
    received: int
    message_id: str
    body: int = 0
    properties: msgspec.Raw = EMPTY_OBJECT
    traits: msgspec.Raw = EMPTY_OBJECT
    timezone: str = ""
    flags: tuple[str, ...] = ()
    anonymous: bool = False
    consents: tuple[tuple[str, bool], ...] = ()
    device: str = ""
    origin: tuple[int, int] = NOWHERE
    referred: str = ""
    locale: str = ""
    anonymous_id: str = ""


_object_decoder = msgspec.json.Decoder(dict[str, Any])


def decode_object(raw: msgspec.Raw) -> dict[str, Any]:
    """The JSON object behind `Event.properties` or `Event.traits`."""
    return _object_decoder.decode(raw)
