"""Computed traits as outputs: a line for each change of a value, or one a day at most."""

from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.decision import TRAIT_CHANGES, Moment
from pipeline.domain.derived import Derived, Told
from pipeline.domain.derived_definition import TraitDefinition
from pipeline.domain.segments.trait_value import ValueOf, same
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.day import next_day
from pipeline.domain.value.kind import changes_kind

DAILY = "daily"


class ComputedTrait:
    """The policy that tells changes of one trait. What nothing comes to needs no telling: before its first line a
    trait has the value that it has of a shopper without events.

    With `emit: daily` the value that stands when a day of the shop ends is told, if it is another than the last one.
    """

    __slots__ = ("_daily", "_identity", "_nothing", "_zone", "name", "value_of")

    def __init__(self, definition: TraitDefinition, value_of: ValueOf, zone: ZoneInfo) -> None:
        self.name = definition.name
        self.value_of = value_of
        self._identity = definition.identity
        self._daily = definition.emit == DAILY
        self._zone = zone
        self._nothing = value_of(Shopper(), 0)[0]

    def evaluate(self, shopper: Shopper, derived: Derived, moment: Moment, at_once: bool = False) -> None:
        """Look at moment.now; decide a change that is to be told; keep the due instant. at_once: do not wait for the
        end of the day."""
        now = moment.now
        value, due = self.value_of(shopper, now)
        told = derived.told.get(self.name)
        if told is None:
            if not due and same(value, self._nothing):
                return
            told = derived.told[self.name] = Told(self._nothing)
        if not same(value, told.value) and (not self._daily or at_once or 0 < told.due <= now):
            tell(told, moment, self._identity, self.name, value)
        if self._daily:
            if not same(value, told.value):
                due = next_day(now, self._zone)
            elif due:
                due = next_day(due - 1, self._zone)
        told.due = due


def tell(told: Told, moment: Moment, identity: str, name: str, value: Any) -> None:
    """Decide that the trait `name` has another value."""
    told.changes += 1
    fields = {"trait": name, "before": told.value, "after": value, "sequence": told.changes}
    if changes_kind(told.value, value):
        moment.remarks.append("type_changed")
    told.value = value
    moment.decide(TRAIT_CHANGES, "trait.changed", identity, (name, told.changes), fields)
