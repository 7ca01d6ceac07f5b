"""`hold`: a segment changes only once its condition has stayed otherwise for long enough (topology.md, "Conditions").

The wait begins when the change is seen, on the axis of received time, and a break begins it anew (readings.md, 21).
"""

from functools import lru_cache

from pipeline.domain.decision import KIND_BACKFILL, KIND_DEFINITION_CHANGE, Moment
from pipeline.domain.definition import SegmentDefinition
from pipeline.domain.segments.window import fingerprint
from pipeline.domain.shopper import Shopper


@lru_cache(maxsize=16_384)
def hold_key(segment: str) -> int:
    """Where in `Shopper.windows` a segment keeps its wait: [since when (ms), mark of the definition that waits]."""
    return fingerprint(("hold", segment))


class HoldWatch:
    """The damping of one segment."""

    __slots__ = ("_enter", "_leave", "_mark", "key")

    def __init__(self, definition: SegmentDefinition) -> None:
        hold = definition.hold
        self._enter, self._leave = (hold.enter, hold.leave) if hold is not None else (0, 0)
        self._mark = fingerprint(definition.identity)
        self.key = hold_key(definition.name)

    def damp(self, shopper: Shopper, member: bool, truth: bool, due: int, moment: Moment) -> tuple[bool, int]:
        """(member from now on?, next instant in ms at which to look again; 0 = none), of a condition's truth and next
        change. A changed definition does not wait, nor what a backfill finds: members would be taken over as if they
        had just come."""
        state = shopper.windows.get(self.key)
        if truth is member:
            if state is not None:
                del shopper.windows[self.key]
            return truth, due
        if state is not None and state[1] != self._mark:
            state = None
        if state is None:
            if moment.cause_kind in (KIND_DEFINITION_CHANGE, KIND_BACKFILL):
                shopper.windows.pop(self.key, None)
                return truth, due
            state = shopper.windows[self.key] = [moment.now, self._mark]
        end = state[0] + (self._enter if truth else self._leave)
        if end <= moment.now:
            del shopper.windows[self.key]
            return truth, due
        return member, min(due, end) if due else end
