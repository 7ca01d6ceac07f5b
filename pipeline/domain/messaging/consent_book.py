"""The consent book: takes in what is said of consent, and tells each change of it."""

from typing import Any

from pipeline.domain.consent_definition import UNKNOWN, ConsentDefinition
from pipeline.domain.decision import CONSENT_CHANGES, Moment
from pipeline.domain.event import Event
from pipeline.domain.messaging.consent_event import Unreadable, statement
from pipeline.domain.messaging.contact import contacts, digest, key_of
from pipeline.domain.messaging.union import join_words
from pipeline.domain.messaging.word import ANY_ADDRESS, EVERY, OPT_IN, OPT_OUT, Word, Words
from pipeline.domain.shopper import Shopper


class ConsentBook:
    """The policy. definition: None under a topology that asks for no consent: what is said is kept, and not told.

    An event counts however late it comes: the latest by event time stands, and a denial at equal times.
    """

    __slots__ = ("_definition",)

    def __init__(self, definition: ConsentDefinition | None) -> None:
        self._definition = definition

    def on_event(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """Take in an event of CONSENT_EVENTS; of one that cannot be read `consent_unreadable` is counted."""
        try:
            said = statement(event.name, properties)
        except Unreadable:
            moment.remarks.append("consent_unreadable")
            return
        if said is not None:
            address = digest(said.channel, said.address) if said.address else None
            self._take(shopper, moment, said.channel, said.purpose, address, said.reason, event.time)

    def on_device(self, shopper: Shopper, event: Event) -> bool:
        """Take in the device that an event came from; whether that is another address than those that were known."""
        return _words_of(shopper).meet(event.device, event.time)

    def on_categories(self, shopper: Shopper, event: Event, moment: Moment) -> bool:
        """Take in what an event says of categories; whether that may change what stands: a later denial may, of grants
        by other words, though the category was denied before."""
        moved = False
        for purpose, granted in event.consents:
            reason = OPT_IN if granted else OPT_OUT
            later = self._take(shopper, moment, EVERY, purpose, None, reason, event.time)
            moved |= later is not None and (later or not granted)
        return moved

    def join(self, shopper: Shopper, other: Words, moment: Moment) -> None:
        """Take in what was said under another id of the same person, and tell what that changes. An address that the
        profile does not tell is not told either: only a part of its digest is kept."""
        words = _words_of(shopper)
        for word, before in join_words(words, other, moment.remarks):
            told = (digest(word.channel, one) for one in contacts(shopper, word.channel))
            self._tell(words, moment, word, next((one for one in told if key_of(one) == word.address), None), before)

    def _take(
        self, shopper: Shopper, moment: Moment, channel: str, purpose: str, address: str | None, reason: int, time: int
    ) -> bool | None:
        """Whether the word that stands now is of another status than before, None if it is no later one."""
        words = _words_of(shopper)
        key = ANY_ADDRESS if address is None else key_of(address)
        known = words.of(channel, purpose, key)
        before = UNKNOWN
        if known is None:
            known = Word(channel, purpose, key, reason, time)
            gone = words.add(known)
            if gone is not None:
                moment.remarks.append("consent_limit")
            if gone is known:
                return None
        elif known.yields_to(reason, time):
            before, known.reason, known.time = known.status, reason, time
        else:
            return None
        if known.status == before:
            return False
        self._tell(words, moment, known, address, before)
        return True

    def _tell(self, words: Words, moment: Moment, word: Word, address: str | None, before: str) -> None:
        # That a shopper is suppressed is nothing the shopper said.
        if self._definition is None or (word.channel, word.purpose) == (EVERY, EVERY):
            return
        words.changes += 1
        fields = {
            "channel": word.channel or None,
            "purpose": word.purpose or None,
            "address": address,
            "before": None if before == UNKNOWN else before,
            "after": word.status,
            "reason": word.why,
            "said_at": word.time,
            "sequence": words.changes,
        }
        moment.decide(CONSENT_CHANGES, "consent.changed", self._definition.identity, (words.changes,), fields)


def _words_of(shopper: Shopper) -> Words:
    words = shopper.words
    if words is None:
        words = shopper.consent = Words()
    return words
