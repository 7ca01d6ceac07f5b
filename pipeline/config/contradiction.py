"""Conditions that nobody can ever fulfil, though each of their parts is right: they are refused, not silently false.

Bounds that exclude each other within one condition are told by that condition itself (bound.py, operator.py).
"""

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import TYPE_CHECKING

from pipeline.config.bound import contradiction
from pipeline.config.duration import format_duration
from pipeline.config.problem import Place
from pipeline.config.quantity import format_micro, format_money
from pipeline.domain.consent_definition import GRANTED, REDUCED, ConsentNow
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    AnyOf,
    Bound,
    Condition,
    Edge,
    Not,
    Purchases,
)
from pipeline.domain.derived_definition import RfmScale, RfmScore
from pipeline.domain.segments.rfm import BEST

if TYPE_CHECKING:
    from pipeline.config.topology import Topology

_COUNTED = ("count", "distinct", "orders")


def contradictions(topology: "Topology") -> Iterator[tuple[Place, str]]:
    """(place of the condition, why nobody can ever fulfil it)."""
    scale = topology.rfm.scale() if topology.rfm is not None else None
    for place, condition in _conditions(topology):
        yield from _within(condition, place, topology.shop.currency, scale)
    for name, segment in topology.segments.items():
        when, hold = segment.when.meaning(), segment.hold
        passing = _passing(when)
        if hold is not None and passing and hold.enter >= passing:
            yield (
                ("segments", name, "hold", "enter"),
                f"{format_duration(hold.enter)} can never pass: the condition is true for {format_duration(passing)} at"
                " the most, and never again",
            )


def _conditions(topology: "Topology") -> Iterator[tuple[Place, Condition]]:
    for name, segment in topology.segments.items():
        yield ("segments", name, "when"), segment.when.meaning()
    for index, stage in enumerate(topology.journey):
        if stage.when is not None:
            yield ("journey", index, "when"), stage.when.meaning()
    for name, rule in topology.abandonment.items():
        for key, guard in (("when", rule.when), ("unless", rule.unless)):
            if guard is not None:
                yield ("abandonment", name, key), guard.meaning()
    for name, message in (topology.messaging.messages if topology.messaging is not None else {}).items():
        if message.unless is not None:
            yield ("messaging", "messages", name, "unless"), message.unless.meaning()


def _within(
    condition: Condition, place: Place, currency: str, scale: RfmScale | None
) -> Iterator[tuple[Place, str]]:  # fmt: skip
    match condition:
        case All(of):
            yield from _together(of, place, currency)
            for index, part in enumerate(of):
                yield from _within(part, (*place, "all", index), currency, scale)
        case AnyOf(of):
            for index, part in enumerate(of):
                yield from _within(part, (*place, "any", index), currency, scale)
        case Not(of):
            yield from _within(of, (*place, "not"), currency, scale)
        case RfmScore() if scale is not None:
            yield from _scores(condition, scale, place)


def _together(parts: tuple[Condition, ...], place: Place, currency: str) -> Iterator[tuple[Place, str]]:
    """Parts of one `all` that ask the same number for what it cannot be, or for a thing and its contrary."""
    asked: dict[Condition, list[int]] = {}
    for index, part in enumerate(parts):
        if isinstance(part, Not) and part.of in parts:
            yield (
                place,
                f"all[{parts.index(part.of)}] and all[{index}] are each other's contrary, nobody can fulfil both",
            )
        if isinstance(part, ConsentNow):
            yield from _consents(part, parts[:index], index, place)
        if isinstance(part, (Aggregate, Purchases)):
            asked.setdefault(replace(part, bounds=()), []).append(index)
    for same, indexes in asked.items():
        bounds = tuple(bound for index in indexes for bound in parts[index].bounds)  # type: ignore[union-attr]
        if len(indexes) > 1 and contradiction(bounds, {}, None):
            told = " and ".join(_worded(bound, same, currency) for bound in bounds)
            where = " and ".join(f"all[{index}]" for index in indexes)
            yield place, f"{where} ask the same {_function(same)} for {told}, which nobody can fulfil"


def _consents(
    part: ConsentNow, earlier: tuple[Condition, ...], index: int, place: Place
) -> Iterator[tuple[Place, str]]:
    """Consent is one thing at a time; but who wants fewer messages has granted them."""
    for other, one in enumerate(earlier):
        if not isinstance(one, ConsentNow) or (one.channel, one.purpose) != (part.channel, part.purpose):
            continue
        if one.status != part.status and {one.status, part.status} != {GRANTED, REDUCED}:
            told = f"{one.status} and {part.status}"
            yield place, f"all[{other}] and all[{index}] ask the same consent for {told}, which nobody can fulfil"


def _worded(bound: Bound, of: Condition, currency: str) -> str:
    function, words = _function(of), []
    for value in bound.values:
        if function == "spend":
            words.append(format_money(value, currency))
        else:
            words.append(str(value) if function in _COUNTED else format_micro(value))
    return f"{bound.op} {', '.join(words)}"


def _function(condition: Condition) -> str:
    match condition:
        case Purchases():
            return condition.measure
        case Aggregate() | Edge():
            return condition.function
    return "it"


def _passing(condition: Condition) -> int:
    """For how long at the most (ms) the condition is true, once in a shopper's life; 0 = longer, or more often."""
    if isinstance(condition, Edge) and condition.function == "first" and condition.property == TIME_PROPERTY:
        spans = [test.operand for test in condition.tests if test.op == "within" and isinstance(test.operand, int)]
        return min(spans, default=0)
    return 0


def _scores(asked: RfmScore, scale: RfmScale, place: Place) -> Iterator[tuple[Place, str]]:
    """Scores that the thresholds leave no room for."""
    least = {"recency": 0, "frequency": 1, "monetary": 0}
    for key, first in least.items():
        scores = getattr(asked, key)
        possible = _possible(getattr(scale, key), first)
        if key == "recency":
            possible = {BEST + 1 - score for score in possible}
        if scores and possible.isdisjoint(scores):
            yield (
                (*place, "rfm", key),
                f"the thresholds of rfm.{key} lead to no such score, only to {' '.join(map(str, sorted(possible)))}",
            )


def _possible(thresholds: tuple[int, ...], least: int) -> set[int]:
    """Scores that values from `least` up can have: between equal thresholds there is none."""
    edges = (least, *(max(threshold, least) for threshold in thresholds))
    reached = {score for score, (low, high) in enumerate(pairwise(edges), 1) if low < high}
    return reached | {BEST}


def always_true(condition: Condition) -> Iterator[str]:
    """Bounds that every number passes, in words: allowed, and probably not meant."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from always_true(part)
        case Not(of):
            yield from always_true(of)
        case Aggregate() | Purchases() if _function(condition) in (*_COUNTED, "spend"):
            if all(bound.op == "at_least" and bound.values[0] == 0 for bound in condition.bounds):
                yield f"{_function(condition)} at_least 0 is always true"
