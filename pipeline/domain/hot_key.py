"""Hot keys: ids under which more happens than a person can do (semantics.md, case 90).

Kept in the shopper record, as message ids are: events of one id may come through any partition of the clickstream, and
only its record has seen them all, in an order that the log tells and a replay repeats.
"""

from pipeline.domain.event import CALLS, Event
from pipeline.domain.intake_definition import HotKeyDefinition
from pipeline.domain.shopper import Shopper
from pipeline.domain.will import WILLS

HOT_KEY = "hot_key"
"""A remark: an event above the bound."""


class HotKeys:
    """Counts a shopper's events by spans of event time, side by side since 1970, of which the latest is remembered: one
    that happened in an earlier span is counted nowhere.

    Of event time, because what was recorded without a network comes all at once, and of hours.
    """

    def __init__(self, definition: HotKeyDefinition) -> None:
        self._at_most, self._per, self._drops = definition.at_most, definition.per, definition.drops

    def leaves_out(self, shopper: Shopper, event: Event, remarks: list[str]) -> bool:
        """Count an event, no copy of an earlier one, and remark on one too many; whether it is not to be decided about.
        A word on consent never is too many, nor what others did."""
        if not self._exceeds(shopper, event):
            return False
        remarks.append(HOT_KEY)
        return self._drops

    def _exceeds(self, shopper: Shopper, event: Event) -> bool:
        if event.type not in CALLS or event.name in WILLS:
            return False
        span = event.time // self._per
        latest, count = shopper.pace or (span, 0)
        if span != latest:
            if span < latest:
                return False
            count = 0
        # No further than it takes to tell, so that a busy record stays as it is stored.
        shopper.pace = (span, min(count, self._at_most) + 1)
        return count >= self._at_most
