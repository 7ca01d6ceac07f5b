"""The latest decisions, no faster than people read: when there are more, some of every sort."""

from collections import deque
from typing import NamedTuple

VISITOR = "visitor"


class Headline(NamedTuple):
    """sort: topic and change, as `segment-changes exited`; behind VISITOR if it is about somebody on the shop's page.
    at: when it became true, ms. text: a sentence."""

    sort: str
    at: int
    text: str


class Ticker:
    """Takes every headline, shows `pace` of them a second, those of the sort that was shown longest ago first.

    shown: the latest ones, newest last; count: how many were shown in all.
    """

    def __init__(self, pace: float = 3.0, length: int = 100) -> None:
        self.shown: deque[Headline] = deque(maxlen=length)
        self._pace = pace
        self._allowed = pace
        self._waiting: dict[str, Headline] = {}
        self._turn: dict[str, int] = {}
        self.count = 0

    def offer(self, headline: Headline) -> None:
        """Of a sort only the latest one waits."""
        self._waiting[headline.sort] = headline

    def advance(self, elapsed: float) -> None:
        """Show what may be shown, `elapsed` seconds after the last time."""
        self._allowed = min(self._allowed + elapsed * self._pace, self._pace)
        while self._waiting and self._allowed >= 1:
            self._allowed -= 1
            self.count += 1
            sort = min(self._waiting, key=lambda each: (self._turn.get(each, 0), each))
            self._turn[sort] = self.count
            self.shown.append(self._waiting.pop(sort))
