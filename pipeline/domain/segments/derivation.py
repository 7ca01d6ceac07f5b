"""What is derived of a shopper besides membership: when it has to be looked at, and in which order."""

from collections.abc import Iterable, Sequence, Set
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.derived import Derived
from pipeline.domain.segments.computed_trait import ComputedTrait, tell
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.journey import Journey, change_stage
from pipeline.domain.segments.segment import reads, trait_reads
from pipeline.domain.shopper import Shopper

Derivation = Journey | ComputedTrait


class Derivations:
    """The journey and the computed traits of a plan. They stand after the segments, to which the journey may refer."""

    __slots__ = ("_journey", "_reads", "_traits")

    def __init__(self, plan: Plan, conditions: Conditions) -> None:
        zone, journey = ZoneInfo(plan.timezone), plan.journey
        self._journey = Journey(journey, conditions.stages(journey)) if journey is not None else None
        self._traits = {one.name: ComputedTrait(one, conditions.trait(one), zone) for one in plan.traits}
        stages = journey.stages if journey is not None else ()
        causes: dict[Derivation, Iterable[str]] = {self._traits[one.name]: trait_reads(one) for one in plan.traits}
        if self._journey is not None:
            causes[self._journey] = [read for one in stages if one.when is not None for read in reads(one.when)]
        self._reads = {one: frozenset(read) for one, read in causes.items()}

    def touched_by(self, causes: Set[str], *, new: bool = False) -> tuple[Derivation, ...]:
        """What these causes (see `reads`) may change. new: of a shopper seen for the first time, who gets a stage."""
        return tuple(
            one for one, read in self._reads.items() if not read.isdisjoint(causes) or (new and one is self._journey)
        )

    def evaluate(self, shopper: Shopper, moment: Moment, touched: Sequence[Derivation], at_once: bool = False) -> None:
        """Look at these at moment.now, and decide each change. at_once: see ComputedTrait."""
        if not touched:
            return
        derived = shopper.derived
        if derived is None:
            derived = shopper.derived = Derived()
        for one in touched:
            if isinstance(one, ComputedTrait):
                one.evaluate(shopper, derived, moment, at_once)
            else:
                one.evaluate(shopper, derived, moment)
        derived.due = _least_due(derived)

    def on_due(self, shopper: Shopper, moment: Moment, segments_moved: bool) -> None:
        """Look at what is due at moment.now. segments_moved: the journey may have changed with them."""
        derived, now = shopper.derived, moment.now
        if derived is None or not (segments_moved or 0 < derived.due <= now):
            return
        due: list[Derivation] = [
            self._traits[name] for name, told in derived.told.items() if 0 < told.due <= now and name in self._traits
        ]
        if self._journey is not None and (segments_moved or 0 < derived.stage_due <= now):
            due.append(self._journey)
        self.evaluate(shopper, moment, due)

    def adopt(self, shopper: Shopper, moment: Moment, *, at_once: bool = True) -> None:
        """Take the record over from another plan. at_once: see ComputedTrait."""
        derived = shopper.derived
        if derived is not None:
            if self._journey is None:
                derived.stage_due = 0
                if derived.stage:
                    change_stage(derived, moment, "removed", "")
            for name, told in derived.told.items():
                if name not in self._traits:
                    # The number of changes stays: should the trait come back, its decisions must not repeat an id.
                    told.due = 0
                    if told.value is not None:
                        tell(told, moment, "removed", name, None)
            derived.due = _least_due(derived)
        self.evaluate(shopper, moment, tuple(self._reads), at_once)

    def values(self, shopper: Shopper, now: int) -> dict[str, Any]:
        """The value of every trait at `now` (ms), as it stands in a profile."""
        return {name: one.value_of(shopper, now)[0] for name, one in self._traits.items()}


def _least_due(derived: Derived) -> int:
    dues = [told.due for told in derived.told.values() if told.due]
    return min([*dues, derived.stage_due] if derived.stage_due else dues, default=0)
