"""What a condition asks about, as it is now: its value, and what of the past that value is made of.

It reads the state that the engine keeps and changes nothing of it. What a record does not keep is not told: of a count
the latest events that its bounds can tell apart, of a distinct value no more than a fingerprint. A stage is made of
the conditions of the journey, which have measures of their own.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

from pipeline.domain.commerce.cart import Carts
from pipeline.domain.commerce.order_book import Totals, amounts_after, settled
from pipeline.domain.consent_definition import UNKNOWN, ConsentNow
from pipeline.domain.definition import TIME_PROPERTY, Aggregate, CartNow, Condition, Edge, Purchases, Trait
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScore, Stage, TraitDefinition
from pipeline.domain.messaging.consent import Consent
from pipeline.domain.segments.condition import Conditions
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.frame import Frame, Lifetime
from pipeline.domain.segments.framed import MEASURES
from pipeline.domain.segments.rfm import render_scores
from pipeline.domain.segments.standing import balance_of, tier_of
from pipeline.domain.segments.trait_value import aggregate_of
from pipeline.domain.segments.window import LIMIT, Window, keep_for
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.value.number import half_up
from pipeline.domain.value.operator import compile_filters
from pipeline.domain.value.path import reach
from pipeline.domain.window_definition import Calendar

NUMBER, MICRO, MONEY, VALUES, INSTANT = "number", "micro", "money", "values", "instant"
CART, JSON = "cart", "json"
"""Units of a value: whole number; millionths, of an average as a fraction; minor units of the shop's currency; a list
of JSON values; an instant in ms; a CartValue; a value as it stands in outputs."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """One thing of the past that counts. at: its event time, ms. value: in the unit of the measure, None if only its
    time counts. leaves_at: when the window lets go of it, ms, 0 = never. message_id: "" where none is kept."""

    at: int
    value: Any = None
    leaves_at: int = 0
    message_id: str = ""


@dataclass(frozen=True, slots=True)
class CartValue:
    """value: minor units of the shop's currency. items: pieces."""

    value: int
    items: int


@dataclass(frozen=True, slots=True)
class Measure:
    """value: in `unit`, None of nothing. exact: False if there may have been more than is kept; no bound of the
    condition can tell. evidence: oldest first. timezone: the zone whose calendar its window goes by, "" without."""

    unit: str
    value: Any
    exact: bool = True
    evidence: tuple[Evidence, ...] = ()
    timezone: str = ""


def measure(condition: Condition, shopper: Shopper, now: int, carts: Carts, conditions: Conditions) -> Measure | None:
    """The measure of a single condition at `now`, ms; None of those that are made of others, and of sequences."""
    found = _measure(condition, shopper, now, carts, conditions)
    window = condition.trait if isinstance(condition, Computed) else condition
    if found is None or not isinstance(getattr(window, "within", None), Calendar) or conditions.zones is None:
        return found
    return replace(found, timezone=conditions.zones.of(shopper).key)


def _measure(condition: Condition, shopper: Shopper, now: int, carts: Carts, conditions: Conditions) -> Measure | None:
    match condition:
        case Aggregate():
            return _aggregate(condition, shopper, now, conditions)
        case Edge():
            return _edge(condition, shopper)
        case Trait():
            return _trait(condition, shopper)
        case Purchases():
            return _purchases(condition, shopper, now, conditions)
        case CartNow():
            return _cart(condition, shopper, now, carts)
        case RfmScore():
            bought = tuple(_orders(shopper, now, Lifetime()))
            return Measure(JSON, render_scores(condition.scale, shopper, now), True, bought)
        case Stage(journey=JourneyDefinition() as journey):
            return Measure(JSON, conditions.stages(journey)(shopper, now)[0])
        case Computed(trait=TraitDefinition() as trait):
            return _computed(trait, shopper, now, conditions)
        case Tier():
            return Measure(JSON, tier_of(condition, shopper))
        case Points():
            return Measure(NUMBER, balance_of(condition, shopper))
        case ConsentNow():
            return _consent(condition, shopper)
    return None


def _consent(condition: ConsentNow, shopper: Shopper) -> Measure:
    word = Consent(shopper).word(condition.channel, condition.purpose)
    if word is None:
        return Measure(JSON, UNKNOWN)
    return Measure(JSON, word.status, True, (Evidence(word.time, word.why),))


def _aggregate(aggregate: Aggregate, shopper: Shopper, now: int, conditions: Conditions) -> Measure:
    state = shopper.windows.get(Window(aggregate).key, [])
    if aggregate.within is None:
        return _lifetime(aggregate, state)
    frame, keep, function = conditions.frame(aggregate.within), keep_for(aggregate.bounds), aggregate.function
    after = frame.after(shopper, now)
    if function == "count":
        latest = [at for at in state[-keep:] if at > after]
        evidence = tuple(Evidence(at, None, frame.leaves(shopper, at, now)) for at in latest)
        return Measure(NUMBER, len(evidence), len(evidence) < keep, evidence)
    pairs = [(state[at], state[at + 1]) for at in range(0, len(state), 2) if state[at] > after]
    if function == "distinct":
        evidence = tuple(Evidence(at, None, frame.leaves(shopper, at, now)) for at, _ in pairs[-keep:])
        return Measure(NUMBER, len(evidence), len(evidence) < keep, evidence)
    evidence = tuple(Evidence(at, micro, frame.leaves(shopper, at, now)) for at, micro in pairs)
    return Measure(MICRO, MEASURES[function]([micro for _, micro in pairs]), len(pairs) < LIMIT, evidence)


def _lifetime(aggregate: Aggregate, state: Sequence[int]) -> Measure:
    """Layouts of state: lifetime.py. No single event is kept."""
    match aggregate.function:
        case "count":
            return Measure(NUMBER, state[0] if state else 0)
        case "distinct":
            keep = keep_for(aggregate.bounds)
            return Measure(NUMBER, min(len(state), keep), len(state) < keep)
        case "sum":
            return Measure(MICRO, state[0] if state else 0)
        case "avg":
            return Measure(MICRO, Fraction(state[0], state[1]) if state else None)
    return Measure(MICRO, state[0] if state else None)


def _edge(edge: Edge, shopper: Shopper) -> Measure:
    known = shopper.observations.get(EdgeWatch(edge).key)
    timed = edge.property == TIME_PROPERTY
    if known is None:
        return Measure(INSTANT if timed else VALUES, None)
    evidence = (Evidence(known.time, message_id=known.message_id),)
    return Measure(INSTANT, known.time, True, evidence) if timed else Measure(VALUES, known.ends, True, evidence)


def _trait(condition: Trait, shopper: Shopper) -> Measure:
    known = shopper.traits.get(condition.path[0])
    if known is None:
        return Measure(VALUES, [])
    evidence = (Evidence(known.time, message_id=known.message_id),)
    return Measure(VALUES, reach(known.value, condition.path[1:]), True, evidence)


def _purchases(condition: Purchases, shopper: Shopper, now: int, conditions: Conditions) -> Measure:
    evidence = tuple(_orders(shopper, now, conditions.frame(condition.within)))
    forgotten = settled(shopper) if condition.within is None else Totals()
    count = len(evidence) + forgotten.count
    if condition.measure == "orders":
        return Measure(NUMBER, count, True, evidence)
    total = sum(one.value for one in evidence) + forgotten.net
    if condition.measure == "average_order":
        return Measure(MONEY, half_up(total, count) if count else None, True, evidence)
    return Measure(MONEY, total, True, evidence)


def _orders(shopper: Shopper, now: int, frame: Frame) -> Iterator[Evidence]:
    for time, amount in amounts_after(shopper, frame.after(shopper, now)):
        yield Evidence(time, amount, frame.leaves(shopper, time, now))


def _computed(trait: TraitDefinition, shopper: Shopper, now: int, conditions: Conditions) -> Measure:
    selection, within, path = trait.selection, trait.within, trait.property or ()
    if selection is None:
        return _purchases(Purchases(trait.function, (), within), shopper, now, conditions)
    if trait.function in ("first", "last"):
        known = _edge(Edge(trait.function, selection, path, ()), shopper)
        return Measure(JSON, conditions.trait(trait)(shopper, now)[0], True, known.evidence)
    if trait.function == "most_frequent":
        leading, _ = conditions.most_frequent(trait, selection, path).leading(shopper, now)
        if leading is None:
            return Measure(JSON, None)
        frame = conditions.frame(within)
        evidence = tuple(Evidence(at, None, frame.leaves(shopper, at, now)) for at in leading.times)
        return Measure(JSON, leading.value, True, evidence)
    return _aggregate(aggregate_of(trait, selection), shopper, now, conditions)


def _cart(condition: CartNow, shopper: Shopper, now: int, carts: Carts) -> Measure:
    cart = carts.open_cart(shopper)
    if cart is None:
        return Measure(CART, CartValue(0, 0))
    return Measure(
        CART, CartValue(carts.total(cart), carts.pieces(cart)), True, tuple(_lines(condition, cart, now, carts))
    )


def _lines(condition: CartNow, cart: Cart, now: int, carts: Carts) -> Iterator[Evidence]:
    """Its lines; if the condition asks for certain ones, those."""
    passes = compile_filters(condition.contains)
    for line, described in zip(cart.lines, carts.describe(cart), strict=True):
        if passes is None or passes(described, now):
            yield Evidence(line.updated, described)
