"""Consent: whether a shopper may be written to on a channel, for a purpose, at an address (semantics.md, part 7)."""

from collections.abc import Sequence

from pipeline.domain.consent_definition import (
    DENIED,
    GRANTED,
    MARKETING,
    REDUCED,
    TRANSACTIONAL,
    UNKNOWN,
    ConsentDefinition,
)
from pipeline.domain.messaging.contact import contacts, digest, key_of
from pipeline.domain.messaging.word import ANY_ADDRESS, EVERY, Word, Words
from pipeline.domain.shopper import Shopper

_BEST_FIRST = (GRANTED, REDUCED, DENIED, UNKNOWN)


class Consent:
    """What one shopper has consented to, as the record stands. Reads the record, changes nothing of it, and remembers
    what it has found: it is made for one look at a shopper.

    Where no address is named, the shopper's contact addresses on the channel are meant, of several the one that may be
    written to; of a shopper without any, what was said of the channel as a whole.
    """

    __slots__ = ("_addresses", "_contacts", "_shopper", "_statuses", "_unknown", "_words")

    def __init__(self, shopper: Shopper, definition: ConsentDefinition | None = None) -> None:
        self._shopper = shopper
        self._words = shopper.words
        self._contacts: dict[str, Sequence[str]] = {}
        self._addresses: dict[tuple[str, str], Sequence[str]] = {}
        self._statuses: dict[tuple[str, str, str | None], str] = {}
        self._unknown = definition.unknown if definition is not None else DENIED

    @property
    def suppressed(self) -> bool:
        """Whether the shopper gets no message whatever."""
        word = None if self._words is None else self._words.of(EVERY, EVERY, ANY_ADDRESS)
        return word is not None and word.status == DENIED

    def of(self, channel: str, purpose: str = MARKETING, address: str | None = None) -> str:
        """`granted`, `denied` or `unknown`: what was said, whatever may be done where nothing was."""
        status = self.status(channel, purpose, address)
        return GRANTED if status == REDUCED else status

    def allows(self, channel: str, purpose: str = MARKETING, address: str | None = None) -> bool:
        """Whether a message of this purpose may be sent. Of what was never said the topology decides; a transactional
        message may go unless its address is denied it, as after a hard bounce."""
        return self._allowed(self.status(channel, purpose, address), purpose)

    def reduced(self, channel: str, purpose: str = MARKETING) -> bool:
        """Whether the shopper wants fewer messages on the channel."""
        return self.status(channel, purpose) == REDUCED

    def addresses(self, channel: str, purpose: str = MARKETING) -> Sequence[str]:
        """The contact addresses, as sent, to which a message of this purpose may go."""
        asked = channel, purpose
        found = self._addresses.get(asked)
        if found is None:
            known = self._known(channel)
            found = tuple([one for one in known if self._allowed(self.status(channel, purpose, one), purpose)])
            self._addresses[asked] = found
        return found

    def status(self, channel: str, purpose: str = MARKETING, address: str | None = None) -> str:
        """As `of`, and `reduced` of a grant of fewer messages."""
        asked = channel, purpose, address
        status = self._statuses.get(asked)
        if status is None:
            word = self.word(channel, purpose, address)
            status = self._statuses[asked] = UNKNOWN if word is None else word.status
            if address is None and len(known := self._known(channel)) == 1:
                # Where one address is all there is, it is meant.
                self._statuses[channel, purpose, known[0]] = status
        return status

    def word(self, channel: str, purpose: str, address: str | None = None) -> Word | None:
        """The word that decides, None if nothing was said."""
        if self._words is None:
            return None
        addresses = self._known(channel) if address is None else (address,)
        if not addresses:
            return decisive(self._words, channel, purpose, ANY_ADDRESS)
        if len(addresses) == 1:
            return _word_at(self._words, channel, purpose, addresses[0])
        found = [_word_at(self._words, channel, purpose, one) for one in addresses]
        return min(found, key=lambda word: _BEST_FIRST.index(UNKNOWN if word is None else word.status))

    def _known(self, channel: str) -> Sequence[str]:
        if channel not in self._contacts:
            self._contacts[channel] = contacts(self._shopper, channel)
        return self._contacts[channel]

    def _allowed(self, status: str, purpose: str) -> bool:
        if status == UNKNOWN:
            return purpose == TRANSACTIONAL or self._unknown == GRANTED
        return status != DENIED


def _word_at(words: Words, channel: str, purpose: str, address: str) -> Word | None:
    return decisive(words, channel, purpose, key_of(digest(channel, address)))


def decisive(words: Words, channel: str, purpose: str, address: int) -> Word | None:
    """The latest word on an address, on all addresses or on all purposes, whichever is later.

    A category of the consent manager is sent again with every call, without anybody having said it again. So its
    grant stands only where nothing else was said, and its denial as any word does.
    """
    latest: Word | None = None
    for word in words.on(channel, purpose, address):
        if latest is None or latest.yields_to(word.reason, word.time):
            latest = word
    category = words.of(EVERY, purpose, ANY_ADDRESS)
    if category is None:
        return latest
    if latest is None or (category.status == DENIED and latest.yields_to(category.reason, category.time)):
        return category
    return latest
