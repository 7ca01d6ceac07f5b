"""What is derived of a shopper besides membership: when it has to be looked at, and in which order."""

from collections.abc import Set

from pipeline.domain.decision import Moment
from pipeline.domain.definition import Plan
from pipeline.domain.derived import Derived
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.journey import Journey, change_stage
from pipeline.domain.segments.segment import reads
from pipeline.domain.shopper import Shopper


class Derivations:
    """The journey of a plan. It stands after the segments, to which it may refer."""

    __slots__ = ("_journey", "_reads")

    def __init__(self, plan: Plan, conditions: Conditions) -> None:
        journey = plan.journey
        self._journey = Journey(journey, conditions.stages(journey)) if journey is not None else None
        stages = journey.stages if journey is not None else ()
        self._reads = frozenset(read for one in stages if one.when is not None for read in reads(one.when))

    def touched_by(self, causes: Set[str]) -> bool:
        """Whether these causes (see `reads`) may change anything."""
        return self._journey is not None and not self._reads.isdisjoint(causes)

    def evaluate(self, shopper: Shopper, moment: Moment) -> None:
        """Look at moment.now, and decide each change."""
        if self._journey is None:
            return
        derived = shopper.derived
        if derived is None:
            derived = shopper.derived = Derived()
        self._journey.evaluate(shopper, derived, moment)
        derived.due = derived.stage_due

    def adopt(self, shopper: Shopper, moment: Moment) -> None:
        """Take the record over from another plan."""
        derived = shopper.derived
        if self._journey is None and derived is not None:
            derived.due = derived.stage_due = 0
            if derived.stage:
                change_stage(derived, moment, "removed", "")
        self.evaluate(shopper, moment)
