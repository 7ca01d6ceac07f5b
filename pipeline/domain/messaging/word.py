"""What a shopper's record keeps of consent: the latest word on each contact address, channel and purpose."""

from collections.abc import Iterator

import msgspec

from pipeline.domain.consent_definition import DENIED, GRANTED, REDUCED

# A shopper has no more words than this. Beyond it the oldest grant goes, as what is forgotten is unknown; where there
# is none, the oldest denial. Counted as `consent_limit`.
LIMIT = 100
# Devices of a shopper; beyond it the one seen longest ago is forgotten.
DEVICES = 10
# Characters of a channel, and of a purpose.
NAME = 64

REASONS = ("opt_in", "reduced", "opt_out", "complaint", "hard_bounce")
"""Why a word says what it says, the weakest first: at equal times the strongest stands (readings.md, 29)."""

CATEGORY = "category"
"""The reason of what a category of the consent manager brings."""

OPT_IN, REDUCED_TO, OPT_OUT, COMPLAINT, HARD_BOUNCE = range(5)

EVERY = ""
"""As a channel: of categories, which speak of all channels. As a purpose: of a hard bounce, which ends them all."""

ANY_ADDRESS = 0


class Word(msgspec.Struct, array_like=True, gc=False):
    """The latest word on one (channel, purpose, address). reason: place in REASONS. time: event time, ms.

    address: leading 64 bits of its digest (contact.py), ANY_ADDRESS of a word on all that the shopper has.
    """

    channel: str
    purpose: str
    address: int
    reason: int
    time: int

    @property
    def status(self) -> str:
        return (GRANTED, REDUCED)[self.reason] if self.reason <= REDUCED_TO else DENIED

    @property
    def why(self) -> str:
        """The reason as outputs tell it."""
        return REASONS[self.reason] if self.channel else CATEGORY

    def yields_to(self, reason: int, time: int) -> bool:
        """Whether another word on the same stands before this one: the later, at equal times the stronger."""
        return (self.time, self.reason) < (time, reason)


class Device(msgspec.Struct, array_like=True, gc=False):
    """Where push messages go. token: as sent. time: event time of the latest call from it, ms."""

    token: str
    time: int


class Words(msgspec.Struct, array_like=True, gc=False):
    """All that was said, in order of (channel, purpose, address). changes: told so far, as `consent-changes`.
    devices: the latest first."""

    changes: int = 0
    words: list[Word] = []
    devices: list[Device] = []

    def of(self, channel: str, purpose: str, address: int) -> Word | None:
        """The word on exactly this."""
        for word in self.words:
            if word.purpose == purpose and word.address == address and word.channel == channel:
                return word
        return None

    def add(self, word: Word) -> Word | None:
        """Take in a word on what none was known of; the one that had to go for it, which may be itself."""
        self.words.append(word)
        self.words.sort(key=lambda one: (one.channel, one.purpose, one.address))
        if len(self.words) <= LIMIT:
            return None
        gone = min(self.words, key=_worth)
        self.words.remove(gone)
        return gone

    def meet(self, token: str, time: int) -> bool:
        """Take in a call from a device; whether that is one that was not known."""
        known = next((one for one in self.devices if one.token == token), None)
        if known is None:
            self.devices.append(Device(token, time))
        elif known.time < time:
            known.time = time
        else:
            return False
        self.devices.sort(key=lambda one: (-one.time, one.token))
        del self.devices[DEVICES:]
        return known is None and any(one.token == token for one in self.devices)

    def on(self, channel: str, purpose: str, address: int) -> Iterator[Word]:
        """The words that a message of this purpose to this address has to heed, but for those on categories."""
        for word in self.words:
            if word.channel == channel and word.purpose in (purpose, EVERY) and word.address in (address, ANY_ADDRESS):
                yield word


def _worth(word: Word) -> tuple[bool, int, str, str, int]:
    return word.reason > REDUCED_TO, word.time, word.channel, word.purpose, word.address
