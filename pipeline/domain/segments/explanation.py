"""Why a shopper is a member of a segment, or is not, and when that changes if nothing happens.

The truth of each clause is what the engine's own conditions say. When it changes is found by letting time pass on a
copy of the record, from one instant at which something may change to the next: a clause says only when it may.
"""

import copy
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from pipeline.domain.commerce.cart import Carts
from pipeline.domain.decision import KIND_TIMER, Moment
from pipeline.domain.definition import All, AnyOf, Condition, Member, Not, Plan, SegmentDefinition
from pipeline.domain.derived_definition import JourneyDefinition, Stage
from pipeline.domain.segments.condition import Conditions, Look
from pipeline.domain.segments.measure import Measure, measure
from pipeline.domain.segments.segment import Segments, reads
from pipeline.domain.shopper import Membership, Shopper
from pipeline.domain.value.foresight import FORESIGHT

Timers = Callable[[Shopper, Moment], None]


@dataclass(slots=True, eq=False)
class Clause:
    """A condition, or a part of one. changes_at: the instant, ms, at which its truth next changes without an event,
    0 = never. measure: None of one that is made of others. of: its parts; of `in` the condition of the segment, of
    `stage` those of the journey, the first time that an explanation comes by it."""

    condition: Condition
    of: tuple["Clause", ...] = ()
    holds: bool = False
    changes_at: int = 0
    measure: Measure | None = None
    look: Look | None = field(default=None, repr=False)

    def walk(self) -> Iterator["Clause"]:
        """It and all below it, each after its parts."""
        for part in self.of:
            yield from part.walk()
        yield self


@dataclass(frozen=True, slots=True)
class Explanation:
    """As of `at`, ms. since: when the membership last changed, ms, 0 = it never did, or before that was kept.
    sequence: how often it has changed. changes_at: when it next does without an event, ms, 0 = never."""

    segment: SegmentDefinition
    at: int
    member: bool
    since: int
    sequence: int
    changes_at: int
    clause: Clause


class Explainer:
    """Explains memberships under one plan. Raises KeyError for a segment that the plan has not.

    loyalty: fires the timers of loyalty, by which a tier changes. Without it nothing is foretold of tiers.
    """

    def __init__(self, plan: Plan, loyalty: Timers | None = None) -> None:
        self._carts = Carts(plan)
        self._late, self._currency, self._timezone = plan.late_segments, plan.currency, plan.timezone
        self._definitions = {one.name: one for one in plan.segments}
        self._loyalty = loyalty

    def explain(self, shopper: Shopper, segment: str, at: int) -> Explanation:
        """shopper: as the engine of this plan left it, all that was due by `at` (ms) fired; it is not changed."""
        definition = self._definitions[segment]
        named = self._closure(segment)
        conditions = Conditions(self._carts, self._late, self._currency, self._timezone)
        ahead = _Ahead(shopper, [self._definitions[name] for name in named], conditions, self._loyalty)
        clause = ahead.clause(definition.when)
        for one in clause.walk():
            one.measure = measure(one.condition, ahead.shopper, at, self._carts, conditions)
        changes_at = ahead.foretell(segment, clause, at)
        membership = shopper.memberships.get(segment, Membership())
        return Explanation(definition, at, membership.member, membership.since, membership.sequence, changes_at, clause)

    def _closure(self, segment: str) -> Sequence[str]:
        """It and all segments that it refers to."""
        named = [segment]
        for name in named:
            found = (read[3:] for read in reads(self._definitions[name].when) if read.startswith("in:"))
            named += dict.fromkeys(one for one in found if one not in named)
        return named


class _Ahead:
    """A copy of a record for which time passes, and the segments whose timers fire on it."""

    def __init__(
        self,
        shopper: Shopper,
        definitions: Sequence[SegmentDefinition],
        conditions: Conditions,
        loyalty: Timers | None,
    ) -> None:
        self.shopper = copy.deepcopy(shopper)
        self._loyalty = loyalty
        self._conditions = conditions
        self._segments = Segments(definitions, conditions)
        self._definitions = {one.name: one for one in definitions}
        self._told: dict[str, None] = {}
        self._journey_told = False

    def clause(self, condition: Condition) -> Clause:
        match condition:
            case All(of) | AnyOf(of):
                return Clause(condition, tuple(self.clause(one) for one in of))
            case Not(of):
                return Clause(condition, (self.clause(of),))
            case Member(segment):
                look = self._conditions.compile(condition)
                if segment in self._told:
                    return Clause(condition, look=look)
                self._told[segment] = None
                return Clause(condition, (self.clause(self._definitions[segment].when),), look=look)
            case Stage(journey=JourneyDefinition(stages)) if not self._journey_told:
                self._journey_told = True
                parts = tuple(self.clause(one.when) for one in stages if one.when is not None)
                return Clause(condition, parts, look=self._conditions.compile(condition))
        return Clause(condition, look=self._conditions.compile(condition))

    def foretell(self, segment: str, root: Clause, now: int) -> int:
        """Fill in truth now and next change of all clauses; when the membership next changes, ms, 0 = never."""
        clauses = list(root.walk())
        truths, due = _survey(clauses, self.shopper, now)
        for clause in clauses:
            clause.holds = truths[clause]
        member, changes_at, waiting = self._member(segment), 0, dict.fromkeys(clauses)
        end = now + FORESIGHT
        while (waiting or not changes_at) and 0 < (now := self._next(now, due)) <= end:
            self._fire(now)
            truths, due = _survey(clauses, self.shopper, now)
            for clause in [one for one in waiting if truths[one] is not one.holds]:
                clause.changes_at = now
                del waiting[clause]
            if not changes_at and self._member(segment) is not member:
                changes_at = now
        return changes_at

    def _member(self, segment: str) -> bool:
        membership = self.shopper.memberships.get(segment)
        return membership is not None and membership.member

    def _next(self, now: int, due: int) -> int:
        """The next instant after `now` at which a clause or a segment may change, 0 = none."""
        memberships = self.shopper.memberships
        dues = [memberships[name].due for name in self._definitions if name in memberships]
        return min((one for one in (due, *dues) if one > now), default=0)

    def _fire(self, now: int) -> None:
        moment = Moment("", "", now, KIND_TIMER, None, [], [])
        self.shopper.now = now
        if self._loyalty is not None and 0 < self.shopper.loyalty_due <= now:
            self._loyalty(self.shopper, moment)
        self._segments.on_due(self.shopper, moment)


def _survey(clauses: Iterable[Clause], shopper: Shopper, now: int) -> tuple[dict[Clause, bool], int]:
    """Truth of all clauses, parts first; and the earliest instant at which one of them may change, 0 = never."""
    truths: dict[Clause, bool] = {}
    soonest = 0
    for clause in clauses:
        if clause.look is not None:
            truths[clause], due = clause.look(shopper, now)
            if due and (due < soonest or not soonest):
                soonest = due
            continue
        parts = [truths[part] for part in clause.of]
        match clause.condition:
            case AnyOf():
                truths[clause] = any(parts)
            case Not():
                truths[clause] = not parts[0]
            case _:
                truths[clause] = all(parts)
    return truths, soonest
