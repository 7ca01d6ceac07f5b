"""Conditions, compiled once to closures: true now, and when may that change without an event?"""

from collections.abc import Callable
from typing import Any, TypeVar

from pipeline.domain.commerce.cart import Carts
from pipeline.domain.definition import Aggregate, All, AnyOf, CartNow, Condition, Edge, Member, Not, Purchases, Trait
from pipeline.domain.derived_definition import JourneyDefinition, RfmScore, Stage
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.journey import StageOf, compile_stages
from pipeline.domain.segments.purchase import compile_purchases
from pipeline.domain.segments.rfm import compile_rfm
from pipeline.domain.segments.window import Window
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.operator import compile_bounds, compile_filters, compile_tests, next_change
from pipeline.domain.value.path import reach

Look = Callable[[Shopper, int], tuple[bool, int]]
"""(shopper, now in ms) -> (true now?, earliest instant in ms at which that may change without an event; 0 = never)."""


class Conditions:
    """Compiles conditions, and collects what they need folded: windows and edges, each piece of state once."""

    def __init__(self, carts: Carts) -> None:
        self._carts = carts
        self.windows: dict[int, tuple[Window, tuple[str, ...]]] = {}
        self.edges: dict[int, tuple[EdgeWatch, tuple[str, ...]]] = {}

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
                return self._edge(condition)
            case Trait():
                return _trait(condition)
            case Purchases():
                return compile_purchases(condition)
            case CartNow():
                return _cart(condition, self._carts)
            case Member(segment):
                return _member(segment)
            case RfmScore():
                return compile_rfm(condition)
            case Stage():
                return self._stage(condition)

    def stages(self, journey: JourneyDefinition) -> StageOf:
        return compile_stages(journey, self.compile)

    def _stage(self, condition: Stage) -> Look:
        if condition.journey is None:
            raise ValueError("a condition on the stage needs a journey")
        stage_of, names = self.stages(condition.journey), frozenset(condition.names)

        def look(shopper: Shopper, now: int) -> tuple[bool, int]:
            stage, due = stage_of(shopper, now)
            return stage in names, due

        return look

    def _window(self, aggregate: Aggregate) -> Look:
        window = Window(aggregate)
        known, _ = self.windows.setdefault(window.key, (window, aggregate.selection.events))
        return _told_apart(window, known).look

    def _edge(self, edge: Edge) -> Look:
        watch = EdgeWatch(edge)
        known, _ = self.edges.setdefault(watch.key, (watch, edge.selection.events))
        return _told_apart(watch, known).look


Kept = TypeVar("Kept", Window, EdgeWatch)


def _told_apart(wanted: Kept, known: Kept) -> Kept:
    """`wanted`, unless its fingerprint is that of a condition of another meaning, whose state it would take for its
    own. Raises ValueError."""
    if known.meaning != wanted.meaning:
        raise ValueError("two conditions share a fingerprint; reword one of them (the order of its filters will do)")
    return wanted


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
    passing = any(test.op == "within" for test in tests)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        trait = shopper.traits.get(name)
        ends = [] if trait is None else reach(trait.value, rest)
        return check(ends, now), next_change(tests, ends, now) if passing else 0

    return look


def _cart(condition: CartNow, carts: Carts) -> Look:
    value = compile_bounds(condition.value) if condition.value else None
    items = compile_bounds(condition.items) if condition.items else None
    contains = compile_filters(condition.contains)

    def look(shopper: Shopper, now: int) -> tuple[bool, int]:
        cart = carts.open_cart(shopper)
        if value is not None and not value(0 if cart is None else carts.total(cart)):
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
