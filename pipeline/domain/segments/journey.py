"""The journey: one stage of several for every shopper, the first whose condition holds."""

from collections.abc import Callable

from pipeline.domain.decision import JOURNEY_CHANGES, Moment
from pipeline.domain.definition import Condition
from pipeline.domain.derived import Derived
from pipeline.domain.derived_definition import JourneyDefinition
from pipeline.domain.shopper import Shopper

Look = Callable[[Shopper, int], tuple[bool, int]]
StageOf = Callable[[Shopper, int], tuple[str, int]]
"""(shopper, now in ms) -> (stage, earliest instant in ms at which that may change without an event; 0 = never)."""


def compile_stages(journey: JourneyDefinition, compile: Callable[[Condition], Look]) -> StageOf:
    """Stages are asked in order; those after the first that holds cannot change the answer while it does."""
    *asked, last = journey.stages
    looks = tuple((stage.name, compile(stage.when)) for stage in asked if stage.when is not None)

    def stage_of(shopper: Shopper, now: int) -> tuple[str, int]:
        soonest = 0
        for name, look in looks:
            truth, due = look(shopper, now)
            if due and (due < soonest or not soonest):
                soonest = due
            if truth:
                return name, soonest
        return last.name, soonest

    return stage_of


class Journey:
    """The policy that tells changes of the stage. A shopper has one from the first event on."""

    __slots__ = ("_identity", "_stage_of")

    def __init__(self, definition: JourneyDefinition, stage_of: StageOf) -> None:
        self._identity = definition.identity
        self._stage_of = stage_of

    def evaluate(self, shopper: Shopper, derived: Derived, moment: Moment) -> None:
        """Look at moment.now, after the segments; decide a change; keep the due instant."""
        stage, derived.stage_due = self._stage_of(shopper, moment.now)
        if stage != derived.stage:
            change_stage(derived, moment, self._identity, stage)


def change_stage(derived: Derived, moment: Moment, identity: str, to: str) -> None:
    """Decide that the stage is `to`; "" = there is none any more."""
    before, derived.stage = derived.stage, to
    derived.stage_changes += 1
    fields = {"from": before or None, "to": to or None, "sequence": derived.stage_changes}
    moment.decide(JOURNEY_CHANGES, "journey.changed", identity, (derived.stage_changes,), fields)
