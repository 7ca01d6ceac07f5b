"""Values of computed traits: what each is now, and when it may change by itself."""

from bisect import bisect_right
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from pipeline.domain.commerce.order_book import amounts_after, of_all_time
from pipeline.domain.definition import Aggregate, Bound, Selection
from pipeline.domain.derived_definition import TraitDefinition
from pipeline.domain.segments.edge import EdgeWatch
from pipeline.domain.segments.frame import Frame
from pipeline.domain.segments.framed import inside
from pipeline.domain.segments.most_frequent import LONGEST
from pipeline.domain.segments.sliding import drop_expired
from pipeline.domain.segments.window import LIMIT, Window
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import format_instant
from pipeline.domain.value.money import exponent, render
from pipeline.domain.value.number import MICRO, half_up
from pipeline.domain.value.path import elements

# Different values that a `distinct` trait can tell apart: from there on it stays at this number.
DISTINCT = 1_000

_LONG = 2**63

ValueOf = Callable[[Shopper, int], tuple[Any, int]]
"""(shopper, now in ms) -> (value as it stands in outputs, earliest ms at which it may change by itself; 0 = never)."""


def aggregate_of(trait: TraitDefinition, selection: Selection) -> Aggregate:
    """What a trait of `count sum min max avg distinct` keeps: as much as any bound could ask for."""
    depth = Bound("at_least", (DISTINCT if trait.function == "distinct" else LIMIT,))
    return Aggregate(trait.function, selection, (depth,), trait.within, trait.property)


def window_value(function: str, window: Window, within: int | None) -> ValueOf:
    """`count sum min max avg distinct` of what a window keeps."""
    key, measure = window.key, _MEASURES[function]
    pairs = function not in ("count", "distinct") if within is None else function != "count"

    def value_of(shopper: Shopper, now: int) -> tuple[Any, int]:
        state = shopper.windows.get(key) or []
        if within is None:
            return _lifetime(function, state), 0
        if pairs:
            drop_expired(state, now - within)
        else:
            del state[: bisect_right(state, now - within)]
        if function == "distinct":
            state = state[-2 * DISTINCT :]
        values = state[1::2] if pairs else state
        return measure(values), state[0] + within if state else 0

    return value_of


def framed_value(function: str, window: Window, frame: Frame) -> ValueOf:
    """As `window_value`, of a window that does not slide."""
    key, measure, times_alone = window.key, _MEASURES[function], function == "count"
    keep = DISTINCT if function == "distinct" else 0

    def value_of(shopper: Shopper, now: int) -> tuple[Any, int]:
        values = inside(shopper.windows.get(key) or [], frame.after(shopper, now), times_alone, keep)
        return measure(values), frame.leaves(shopper, now, now) if values else 0

    return value_of


def _lifetime(function: str, state: list[int]) -> Any:
    """Layouts of lifetime.py."""
    if function == "distinct":
        return min(len(state), DISTINCT)
    if function == "count":
        return state[0] if state else 0
    if function == "avg":
        return _number(half_up(state[0], state[1])) if state else None
    return _number(state[0]) if state else _MEASURES[function]([])


def _number(micro: int) -> int | float:
    """Millionths as a JSON number."""
    return micro // MICRO if micro % MICRO == 0 else micro / MICRO


_MEASURES: dict[str, Callable[[list[int]], Any]] = {
    "count": len,
    "distinct": len,
    "sum": lambda values: _number(sum(values)),
    "min": lambda values: _number(min(values)) if values else None,
    "max": lambda values: _number(max(values)) if values else None,
    "avg": lambda values: _number(half_up(sum(values), len(values))) if values else None,
}


def edge_value(watch: EdgeWatch, of_time: bool) -> ValueOf:
    """`first` and `last`: the event's time, or the first plain value at the property."""
    key = watch.key

    def value_of(shopper: Shopper, now: int) -> tuple[Any, int]:
        known = shopper.observations.get(key)
        if known is None:
            return None, 0
        if of_time:
            return format_instant(known.time), 0
        return next((plain(one) for one in elements(known.ends) if plain(one) is not None), None), 0

    return value_of


def purchase_value(trait: TraitDefinition, currency: str, frame: Frame) -> ValueOf:
    """`orders` and `spend` of the order book; a refund counts at its order's date."""
    money = trait.function == "spend"

    def value_of_all_time(shopper: Shopper, now: int) -> tuple[Any, int]:
        orders = of_all_time(shopper)
        return render(orders.net, currency) if money else orders.count, 0

    def value_of(shopper: Shopper, now: int) -> tuple[Any, int]:
        bought = amounts_after(shopper, frame.after(shopper, now))
        value = render(sum(amount for _, amount in bought), currency) if money else len(bought)
        return value, frame.leaves(shopper, bought[0][0], now) if bought else 0

    return value_of_all_time if trait.within is None else value_of


def plain(value: Any) -> Any:
    """A JSON value as a trait may have it; None for objects, arrays and texts longer than LONGEST."""
    if isinstance(value, (dict, list)) or (isinstance(value, str) and len(value) > LONGEST):
        return None
    if isinstance(value, int) and not isinstance(value, bool) and not -_LONG <= value < _LONG:
        return float(value)
    return value


def comparable(value: Any) -> Any:
    """A value as operators take it: money as a decimal of its currency."""
    if isinstance(value, dict):
        return str(Decimal(value["amount"]).scaleb(-exponent(value["currency"])))
    return value


def same(one: Any, other: Any) -> bool:
    """Whether two values are one and the same; true is not 1."""
    return type(one) is type(other) and bool(one == other)
