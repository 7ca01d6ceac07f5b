"""Conditions, compiled once to closures: true now, and when may that change without an event?"""

from collections.abc import Callable, Iterable
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.commerce.cart import Carts
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
    Path,
    Plan,
    Purchases,
    Selection,
    Sequence,
    Trait,
)
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScore, Stage, TraitDefinition
from pipeline.domain.segments.asked_trait import AskedTraits
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.frame import CalendarFrame, Frame, Lifetime, SinceFrame, Sliding
from pipeline.domain.segments.framed import FramedTraitWindow, FramedWindow
from pipeline.domain.segments.journey import StageOf, compile_stages
from pipeline.domain.segments.most_frequent import MostFrequent
from pipeline.domain.segments.purchase import compile_purchases
from pipeline.domain.segments.rfm import compile_rfm
from pipeline.domain.segments.sequence import SequenceWatch
from pipeline.domain.segments.standing import compile_standing
from pipeline.domain.segments.trait_value import (
    ValueOf,
    aggregate_of,
    comparable,
    edge_value,
    framed_value,
    purchase_value,
    window_value,
)
from pipeline.domain.segments.window import Folded, TraitWindow, Window
from pipeline.domain.segments.zone import Zones
from pipeline.domain.shopper import Shopper
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.value.operator import (
    TIMED,
    compile_bounds,
    compile_filters,
    compile_tests,
    next_change,
)
from pipeline.domain.value.path import reach
from pipeline.domain.window_definition import Calendar, Since, Within

Look = Callable[[Shopper, int], tuple[bool, int]]
"""(shopper, now in ms) -> (true now?, earliest instant in ms at which that may change without an event; 0 = never)."""


class Conditions:
    """Compiles conditions, and collects what they need folded: windows, edges and sequences, each piece of state once.

    late: how late (ms) an event may be and still count. timezone: the shop's. zones: of the shoppers, None as long as
    no condition asks for one. claims: the meaning of each piece of state, by its fingerprint.
    """

    def __init__(self, carts: Carts, late: int, currency: str, timezone: str) -> None:
        self._carts = carts
        self._late = late
        self._currency = currency
        self._timezone = timezone
        self.zones: Zones | None = None
        self.windows: dict[int, tuple[Folded, tuple[str, ...]]] = {}
        self.edges: dict[int, tuple[EdgeWatch, tuple[str, ...]]] = {}
        self.sequences: dict[int, SequenceWatch] = {}
        self.asked = AskedTraits()
        self.claims: dict[int, Any] = {}

    @classmethod
    def compiled(cls, plan: Plan, conditions: Iterable[Condition], traits: Iterable[TraitDefinition]) -> "Conditions":
        """What these need folded, for whoever only asks that; they may be a part of what the plan has."""
        found = cls(Carts(plan), plan.late_segments, plan.currency, plan.timezone)
        for condition in conditions:
            found.compile(condition)
        for trait in traits:
            found.trait(trait)
        return found

    def compile(self, condition: Condition) -> Look:
        match condition:
            case All(of):
                return _every(tuple(self.compile(one) for one in of), decisive=False)
            case AnyOf(of):
                return _every(tuple(self.compile(one) for one in of), decisive=True)
            case Not(of):
                return _negate(self.compile(of))
            case Aggregate():
                return self._window(condition)
            case Edge():
                return self._watch(condition).look
            case Sequence():
                return self._sequence(condition)
            case Trait():
                self.asked.add(condition)
                return _trait(condition)
            case Purchases():
                return compile_purchases(condition, self.frame(condition.within))
            case CartNow():
                return _cart(condition, self._carts)
            case Member(segment):
                return _member(segment)
            case RfmScore():
                return compile_rfm(condition)
            case Stage():
                return self._stage(condition)
            case Computed():
                return self._computed(condition)
            case Tier() | Points() | ConsentNow():
                return compile_standing(condition)

    def stages(self, journey: JourneyDefinition) -> StageOf:
        return compile_stages(journey, self.compile)

    def trait(self, trait: TraitDefinition) -> ValueOf:
        """The value of a computed trait, and what it needs folded. Raises ValueError if it selects no events."""
        selection, path = trait.selection, trait.property
        if trait.function in ("orders", "spend"):
            return purchase_value(trait, self._currency, self.frame(trait.within))
        if selection is None or (path is None and trait.function != "count"):
            raise ValueError(f"a trait of {trait.function} needs events and a property")
        if trait.function == "most_frequent" and path is not None:
            frequent = self.most_frequent(trait, selection, path)
            self._fold(frequent, selection.events)
            return frequent.value
        if trait.function in ("first", "last") and path is not None:
            return edge_value(self._watch(Edge(trait.function, selection, path, ())), path == TIME_PROPERTY)
        aggregate = aggregate_of(trait, selection)
        if isinstance(trait.within, Calendar | Since):
            frame = self.frame(trait.within)
            framed = FramedTraitWindow(aggregate, frame)
            self._fold(framed, selection.events)
            return framed_value(trait.function, framed, frame)
        window = TraitWindow(aggregate)
        self._fold(window, selection.events)
        return window_value(trait.function, window, trait.within)

    def most_frequent(self, trait: TraitDefinition, selection: Selection, path: Path) -> MostFrequent:
        frame = self.frame(trait.within) if isinstance(trait.within, Calendar | Since) else None
        return MostFrequent(selection, path, trait.within, frame)

    def frame(self, within: Within) -> Frame:
        """What a window holds, and what it needs folded for that."""
        match within:
            case None:
                return Lifetime()
            case Calendar(unit):
                return CalendarFrame(unit, self.watch_zones())
            case Since(events):
                return SinceFrame(self._watch(Edge("last", Selection(events), TIME_PROPERTY, ())), self._late)
        return Sliding(within)

    def watch_zones(self) -> Zones:
        """The zones of the shoppers, which are kept from then on."""
        if self.zones is None:
            self.zones = Zones(ZoneInfo(self._timezone))
            self.claim(self.zones.key, self.zones.meaning)
        return self.zones

    def _fold(self, folded: Folded, events: tuple[str, ...]) -> None:
        self.claim(folded.key, folded.meaning)
        if folded.key in self.windows:
            folded = self.windows[folded.key][0].shared_with(folded)
        self.windows[folded.key] = (folded, events)

    def _computed(self, condition: Computed) -> Look:
        if condition.trait is None:
            raise ValueError(f"there is no computed trait {condition.name}")
        trait, tests, check = condition.trait, condition.tests, compile_tests(condition.tests)
        value_of = self.trait(trait)
        if trait.function in ("first", "last") and trait.selection is not None and trait.property is not None:
            self._watch(Edge(trait.function, trait.selection, trait.property, tests))

        def look(shopper: Shopper, now: int) -> tuple[bool, int]:
            value, due = value_of(shopper, now)
            ends = [] if value is None else [comparable(value)]
            passes = next_change(tests, ends, now)
            return check(ends, now), min(due, passes) if due and passes else due or passes

        return look

    def _stage(self, condition: Stage) -> Look:
        if condition.journey is None:
            raise ValueError("a condition on the stage needs a journey")
        stage_of, names = self.stages(condition.journey), frozenset(condition.names)

        def look(shopper: Shopper, now: int) -> tuple[bool, int]:
            stage, due = stage_of(shopper, now)
            return stage in names, due

        return look

    def _window(self, aggregate: Aggregate) -> Look:
        within = aggregate.within
        if isinstance(within, Calendar | Since):
            window: Window = FramedWindow(aggregate, self.frame(within))
        else:
            window = Window(aggregate)
        self._fold(window, aggregate.selection.events)
        return window.look

    def _watch(self, edge: Edge) -> EdgeWatch:
        watch = EdgeWatch(edge)
        self.claim(watch.key, watch.meaning)
        known, _ = self.edges.setdefault(watch.key, (watch, edge.selection.events))
        known.needs |= watch.needs
        return watch

    def _sequence(self, sequence: Sequence) -> Look:
        watch = SequenceWatch(sequence, self._late)
        self.claim(watch.key, watch.meaning)
        self.sequences.setdefault(watch.key, watch)
        return watch.look

    def claim(self, key: int, meaning: Any) -> None:
        """Take a fingerprint for a piece of state. Raises ValueError if it is that of another meaning, whose state
        would be taken for this one's."""
        if self.claims.setdefault(key, meaning) != meaning:
            raise ValueError(
                "two conditions share a fingerprint; reword one of them (the order of its filters will do)"
            )


def _every(looks: tuple[Look, ...], *, decisive: bool) -> Look:
    """`all` (decisive False) and `any` (decisive True): one decisive part settles it, and as long as that part does not
    change, neither does the whole; else the whole changes at the earliest with any of its parts."""

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        soonest = 0
        for part in looks:
            truth, due = part(shopper, now)
            if truth is decisive:
                return decisive, due
            if due and (soonest == 0 or due < soonest):
                soonest = due
        return not decisive, soonest

    return look


def _negate(part: Look) -> Look:
    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        truth, due = part(shopper, now)
        return not truth, due

    return look


def _trait(condition: Trait) -> Look:
    name, rest = condition.path[0], condition.path[1:]
    tests, check = condition.tests, compile_tests(condition.tests)
    passing = any(test.op in TIMED for test in tests)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        trait = shopper.traits.get(name)
        ends = [] if trait is None else reach(trait.value, rest)
        return check(ends, now), next_change(tests, ends, now) if passing else 0

    return look


def _cart(condition: CartNow, carts: Carts) -> Look:
    value = compile_bounds(condition.value) if condition.value else None
    items = compile_bounds(condition.items) if condition.items else None
    contains = compile_filters(condition.contains)
    total = carts.lines.total

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        cart = carts.open_cart(shopper)
        if value is not None and not value(0 if cart is None else total(cart.lines)):
            return False, 0
        if items is not None and not items(0 if cart is None else carts.pieces(cart)):
            return False, 0
        if contains is None:
            return True, 0
        lines: list[dict[str, Any]] = [] if cart is None else carts.describe(cart)
        return any(contains(line, now) for line in lines), 0

    return look


def _member(segment: str) -> Look:
    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        membership = shopper.memberships.get(segment)
        return membership is not None and membership.member, 0

    return look
