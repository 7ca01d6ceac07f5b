"""Frequency caps: how much a shopper gets on a channel (semantics.md, part 7; readings.md, 46).

A message counts from the instant at which it is decided, unless it turns out that it was not sent. Windows are half
open: one that is exactly `per` old counts no more.
"""

from collections.abc import Iterable
from typing import Any

from pipeline.domain.correspondence import Correspondence
from pipeline.domain.decision import leading_bits
from pipeline.domain.message_definition import Cap
from pipeline.domain.value.instant import DAY

# The longest that a message waits for room, from when it first met a full cap.
LONGEST_WAIT = DAY
# Who asked for fewer messages gets as many in so many times the time.
REDUCED = 2
# Integers of one message in Correspondence.sent.
_WIDTH = 2

DROP = -1


class Caps:
    """The caps of one channel."""

    __slots__ = ("_caps", "_longest")

    def __init__(self, caps: Iterable[Cap]) -> None:
        self._caps = tuple(caps)
        self._longest = max((cap.per for cap in self._caps), default=0)

    def room(self, sent: list[int], now: int, reduced: bool) -> int:
        """0: there is room for a message at `now`. DROP: there is none, and it does not wait. Else the instant (ms) at
        which there will be room, if nothing else is sent until then."""
        until = 0
        for cap in self._caps:
            per = cap.per * REDUCED if reduced else cap.per
            counted = [time for time in sent[::_WIDTH] if time > now - per]
            if len(counted) < cap.at_most:
                continue
            if not cap.defers:
                return DROP
            until = max(until, counted[-cap.at_most] + per)
        return until

    def take(self, sent: list[int], now: int, message_id: str) -> None:
        """Count a message; what no cap will look at any more is forgotten."""
        oldest = now - self._longest * REDUCED
        forgotten = 0
        while forgotten < len(sent) and sent[forgotten] <= oldest:
            forgotten += _WIDTH
        sent[:] = [*sent[forgotten:], now, leading_bits(message_id)]


def mark(message_id: Any) -> int | None:
    """What is kept of a message's id: its leading 64 bits. None of what is no such id."""
    try:
        return leading_bits(message_id) if isinstance(message_id, str) else None
    except ValueError:
        return None


def release(correspondence: Correspondence, message_id: int) -> bool:
    """Give back the place of a message that was not sent, by the leading 64 bits of its id; False if none is known."""
    for channel, sent in correspondence.sent.items():
        for at in range(0, len(sent), _WIDTH):
            if sent[at + 1] == message_id:
                del sent[at : at + _WIDTH]
                if not sent:
                    del correspondence.sent[channel]
                return True
    return False
