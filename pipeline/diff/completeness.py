"""What a definition cannot know when it is deployed: history that no rule of the topology before it kept.

A record is taken over as it is. A condition finds its past there if the topology before kept the very same state for
any of its rules: same events, filters, property, function and window, and of counts and distinct values at least as
many. If it kept fewer, only shoppers of whom there were no more are complete at once. Orders, the open cart,
consent and profile traits are kept whatever the rules are. State that begins with the deployment, or was cut before
it, is complete once its window has passed, as no event is later than its received time; what looks at all time never
is, by itself.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from pipeline.config.kept_state import kept, kept_of_trait
from pipeline.domain.commerce.cart import CART_EVENTS
from pipeline.domain.commerce.order import ORDER_EVENTS
from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    AnyOf,
    CartNow,
    Condition,
    Edge,
    Member,
    Not,
    Plan,
    Purchases,
    SegmentDefinition,
    Sequence,
    Test,
    Trait,
)
from pipeline.domain.derived_definition import Computed, RfmScore, Stage, TraitDefinition
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.messaging.consent_event import CONSENT_EVENTS
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.value.calendar import GREATEST_DAYS
from pipeline.domain.value.instant import DAY
from pipeline.domain.window_definition import Calendar, Since, Within

Span = int | None
"""ms after the deployment; 0: at once, None: never by itself."""


@dataclass(frozen=True, slots=True)
class Lack:
    """State that is not there at first, in the words of `afterclick check`, and when it will be complete."""

    keeps: str
    span: Span


@dataclass(frozen=True, slots=True)
class Completeness:
    """When what a definition says is what it would have said, had it been there all the time. lacks: until then."""

    span: Span
    lacks: tuple[Lack, ...] = ()


class Retention:
    """What the records of one topology hold for the definitions of another, so far as the former is complete itself."""

    def __init__(self, old: Plan, new: Plan) -> None:
        self._old, self._new = old, new
        self._known = _folded(old, old.conditions(), old.traits)
        self._money_changed = (old.currency, old.rates) != (new.currency, new.rates)
        self._renamed = _renamed(old, new)

    def of_segments(self) -> dict[str, Completeness]:
        """By name, of all segments of the new topology."""
        same = {(one.name, one.identity) for one in self._old.segments}
        found: dict[str, Completeness] = {}
        for segment in self._new.segments:
            known = (segment.name, segment.identity) in same
            found[segment.name] = _damped(self._of((segment.when,), found), segment, known)
        return found

    def of_traits(self) -> dict[str, Completeness]:
        return {one.name: self._of((Computed(one.name, (), one),), {}) for one in self._new.traits}

    def of_journey(self, segments: dict[str, Completeness]) -> Completeness:
        """segments: see of_segments."""
        stages = self._new.journey.stages if self._new.journey is not None else ()
        return self._of([stage.when for stage in stages if stage.when is not None], segments)

    def _of(self, conditions: Iterable[Condition], segments: dict[str, Completeness]) -> Completeness:
        parts = [self._of_leaf(leaf, segments) for one in conditions for leaf in _leaves(one)]
        lacks = dict.fromkeys(lack for part in parts for lack in part.lacks)
        return Completeness(_latest(part.span for part in parts), tuple(lacks))

    def _of_leaf(self, leaf: Condition, segments: dict[str, Completeness]) -> Completeness:
        if isinstance(leaf, Member):
            return segments[leaf.segment]
        if not self._lacking(leaf):
            return Completeness(0)
        span = _span(leaf)
        phrases = kept_of_trait(leaf.trait) if isinstance(leaf, Computed) and leaf.trait else "".join(kept(leaf))
        return Completeness(span, (Lack(phrases, span),))

    def _lacking(self, leaf: Condition) -> bool:
        match leaf:
            case Purchases(measure=measure):
                return self._orders_differ(money=measure != "orders") or self._lacks(leaf)
            case Tier(programme=programme) | Points(programme=programme):
                earning = {(one.name, one.earn) for one in self._old.programmes}
                known = programme is not None and (programme.name, programme.earn) in earning
                return self._orders_differ(money=True) or not known
            case RfmScore(monetary=monetary):
                return self._orders_differ(money=bool(monetary))
            case Computed(trait=TraitDefinition(selection=None, function=function)):
                return self._orders_differ(money=function == "spend") or self._lacks(leaf)
            case CartNow():
                return self._money_changed or not self._renamed.isdisjoint(CART_EVENTS)
            case Aggregate() | Edge() | Sequence() | Computed():
                return not self._renamed.isdisjoint(_events(leaf)) or self._lacks(leaf)
            case ConsentNow(purpose=purpose):
                before, after = (_categories(plan, purpose) for plan in (self._old, self._new))
                return before != after or not self._renamed.isdisjoint(CONSENT_EVENTS)
            case Trait() | Member() | All() | AnyOf() | Not() | Stage():
                return False

    def _lacks(self, leaf: Condition) -> bool:
        """Whether any state of it was not kept, or not so deep."""
        needed = _folded(self._new, (leaf,), ())
        return any(self._known.get(key, -1) < depth for key, depth in needed.items())

    def _orders_differ(self, *, money: bool) -> bool:
        """Whether the order book would be another one: amounts are kept in the currency of the time of the order."""
        return (money and self._money_changed) or not self._renamed.isdisjoint(ORDER_EVENTS)


def looks_back(plan: Plan) -> dict[str, Span]:
    """How much history each segment of a plan rests on, ms, by name; None: all of it."""
    found: dict[str, Span] = {}
    for segment in plan.segments:
        leaves = _leaves(segment.when)
        span = _latest(found[leaf.segment] if isinstance(leaf, Member) else _span(leaf) for leaf in leaves)
        found[segment.name] = _damped(Completeness(span), segment, known=False).span
    return found


def known_from(plan: Plan, segment: str, known: Mapping[int, int], at: int) -> int:
    """From which received time on, ms, a segment knows the events that it rests on at `at`; 0 = it knows them all.
    known: from when on each piece of state does, of those that do not know all."""
    latest = 0
    when = next(one.when for one in plan.segments if one.name == segment)
    for leaf in _leaves(when):
        if isinstance(leaf, Member):
            latest = max(latest, known_from(plan, leaf.segment, known, at))
            continue
        begun, span = max((known.get(piece, 0) for piece in _folded(plan, (leaf,), ())), default=0), _span(leaf)
        if begun and (span is None or at < begun + span):
            latest = max(latest, begun)
    return latest


def _damped(found: Completeness, segment: SegmentDefinition, known: bool) -> Completeness:
    """A changed segment does not wait when it takes records over, so that waits count from then on."""
    if segment.hold is None or found.span is None or (known and not found.span):
        return found
    return Completeness(found.span + max(segment.hold.enter, segment.hold.leave), found.lacks)


def _span(leaf: Condition) -> Span:
    """How long state of this condition that begins empty stays incomplete."""
    match leaf:
        case Aggregate(within=within) | Purchases(within=within):
            return _window_span(within)
        case Edge():
            return _edge_span(leaf.function, leaf.property == TIME_PROPERTY, leaf.tests)
        case Computed(trait=TraitDefinition() as trait):
            if trait.function in ("first", "last"):
                return _edge_span(trait.function, trait.property == TIME_PROPERTY, leaf.tests)
            return _window_span(trait.within)
    # A sequence that was completed once is true for ever; the others look at all orders, or at a cart of any age.
    return None


def _window_span(within: Within) -> Span:
    """A period of the calendar is over everywhere after its greatest length and what zones lie apart; when the event
    since which it counts comes is not known."""
    match within:
        case Calendar(unit):
            return (GREATEST_DAYS[unit] + 2) * DAY
        case Since():
            return None
    return within


def _edge_span(function: str, of_time: bool, tests: tuple[Test, ...]) -> Span:
    """How long ago the latest event was is known as soon as one before the deployment would be too old anyway."""
    passing = [test.operand for test in tests if test.op == "within" and isinstance(test.operand, int)]
    return min(passing) if function == "last" and of_time and passing else None


def _latest(spans: Iterable[Span]) -> Span:
    latest = 0
    for span in spans:
        if span is None:
            return None
        latest = max(latest, span)
    return latest


def _leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from _leaves(part)
        case Not(of):
            yield from _leaves(of)
        case Stage():
            for stage in condition.journey.stages if condition.journey is not None else ():
                yield from _leaves(stage.when) if stage.when is not None else ()
        case _:
            yield condition


def _events(leaf: Condition) -> tuple[str, ...]:
    match leaf:
        case Aggregate() | Edge():
            return leaf.selection.events
        case Sequence():
            return tuple(name for step in leaf.steps for name in step.selection.events)
        case Computed(trait=TraitDefinition() as trait) if trait.selection is not None:
            return trait.selection.events
    return ()


def _categories(plan: Plan, purpose: str) -> frozenset[str]:
    """Categories of the consent manager that speak of a purpose."""
    categories = plan.consent.categories if plan.consent is not None else {}
    return frozenset(category for category, one in categories.items() if one == purpose)


def _folded(plan: Plan, conditions: Iterable[Condition], traits: Iterable[TraitDefinition]) -> dict[int, int]:
    """Fingerprints of the state that events are folded into for them, and how deep it is; 0 = there is no depth."""
    compiled = Conditions.compiled(plan, conditions, traits)
    return dict.fromkeys(compiled.claims, 0) | {key: one.depth for key, (one, _) in compiled.windows.items()}


def _renamed(old: Plan, new: Plan) -> frozenset[str]:
    """Standard names that some event has under one topology and not under the other."""
    before, after = Aliases(old.aliases), Aliases(new.aliases)
    pairs = ((before[name], after[name]) for name in {*old.aliases, *new.aliases})
    return frozenset(name for one, other in pairs if one != other for name in (one, other))
