"""What the conditions of a plan keep in a shopper's record, and how a record of another plan is fitted to it."""

from collections.abc import Iterator
from typing import Any

from pipeline.domain.commerce.order_book import SETTLED
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.hold import hold_key
from pipeline.domain.segments.window import fingerprint
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY

# How long, ms, a record holds what its plan has no use for: who takes a topology back, or changes over one worker after
# the other, finds it there.
REST = DAY

RESTING = fingerprint(("resting",))
"""Where in `Shopper.windows` stands what rests: (fingerprint, since when in ms) of each piece, flat."""


class KeptState:
    """Windows, sequences, holds, observations and counted values of all conditions that were compiled so far."""

    __slots__ = ("_known", "_moved", "_windows")

    def __init__(self, conditions: Conditions) -> None:
        conditions.claim(RESTING, "resting")
        conditions.claim(SETTLED, "settled orders")
        self._known = frozenset(conditions.claims)
        self._windows = {key: window for key, (window, _) in conditions.windows.items()}
        self._moved = {former: key for key, window in self._windows.items() for former in window.former}

    def fit(self, shopper: Shopper) -> None:
        """Have what the plan has no use for rest, as of `shopper.now`: pieces that no condition asks for, and windows
        that hold more than their depth. What has rested long enough is dropped, or cut to the depth. A wait is over at
        once with the hold: nobody would know whether it was broken meanwhile."""
        if self._fits(shopper):
            return
        self._join(shopper.windows)
        for wait in map(hold_key, shopper.memberships):
            if wait not in self._known:
                shopper.windows.pop(wait, None)
        state = shopper.windows.pop(RESTING, [])
        since, now = dict(zip(state[::2], state[1::2], strict=True)), shopper.now
        resting: list[int] = []
        for pieces in _pieces(shopper):
            for key in [one for one in pieces if self._useless(one, pieces[one])]:
                begun = since.get(key, now)
                if now - begun < REST:
                    resting += (key, begun)
                elif key in self._windows:
                    self._windows[key].cut(pieces[key])
                else:
                    del pieces[key]
        if resting:
            shopper.windows[RESTING] = resting

    def clear(self, shopper: Shopper) -> None:
        """Let go of what has rested long enough, if there is any."""
        if shopper.now - min(shopper.windows[RESTING][1::2]) >= REST:
            self.fit(shopper)

    def _fits(self, shopper: Shopper) -> bool:
        """Whether there is nothing to do, as for most records."""
        known, windows, derived = self._known, shopper.windows, shopper.derived
        return (
            windows.keys() <= known
            and shopper.observations.keys() <= known
            and (derived is None or derived.seen.keys() <= known)
            and RESTING not in windows
            and not any(map(self._useless, windows, windows.values()))
        )

    def _useless(self, key: int, state: Any) -> bool:
        window = self._windows.get(key)
        return window.exceeds(state) if window is not None else key not in self._known

    def _join(self, windows: dict[int, list[int]]) -> None:
        """In a record of format 1 windows of one meaning stand apart, by depth. The longest one becomes that of all: it
        holds what the others do."""
        for former in [one for one in windows if one in self._moved and one not in self._known]:
            state, key = windows.pop(former), self._moved[former]
            if len(state) > len(windows.get(key, ())):
                windows[key] = state


def _pieces(shopper: Shopper) -> Iterator[dict[int, Any]]:
    yield shopper.windows
    yield shopper.observations
    if shopper.derived is not None:
        yield shopper.derived.seen
