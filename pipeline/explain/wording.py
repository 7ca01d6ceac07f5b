"""Parts of a condition as data, in the words and units of topology.yaml."""

from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from typing import Any

from pipeline.config.duration import format_duration
from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.definition import (
    Aggregate,
    All,
    AnyOf,
    Bound,
    CartNow,
    Condition,
    Edge,
    Filter,
    Member,
    Not,
    Number,
    Purchases,
    Selection,
    Sequence,
    Test,
    Trait,
)
from pipeline.domain.derived_definition import Computed, RfmScore, Stage
from pipeline.domain.segments.measure import JSON, MICRO, MONEY, NUMBER
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.value.instant import format_instant
from pipeline.domain.value.money import render
from pipeline.domain.value.number import MICRO as MILLION
from pipeline.domain.value.number import half_up
from pipeline.domain.window_definition import Calendar, Since, Within


def number(micro: int | Fraction) -> int | float:
    """Millionths as a JSON number; a fraction of them is rounded half up."""
    if isinstance(micro, Fraction):
        micro = half_up(micro.numerator, micro.denominator)
    return micro // MILLION if micro % MILLION == 0 else float(Decimal(micro) / MILLION)


def in_unit(value: Any, unit: str, currency: str) -> Any:
    """A number of the core: money as in outputs, millionths as a plain number, a count as it is."""
    if value is None or unit in (NUMBER, JSON):
        return value
    return render(value, currency) if unit == MONEY else number(value)


def clause_name(condition: Condition) -> str:
    """The key of topology.yaml that it was written as."""
    match condition:
        case All():
            return "all"
        case AnyOf():
            return "any"
        case Not():
            return "not"
        case Member():
            return "in"
        case Aggregate() | Edge():
            return condition.function
        case Purchases():
            return condition.measure
        case Trait():
            return "trait"
        case CartNow():
            return "cart"
        case RfmScore():
            return "rfm"
        case ConsentNow():
            return "consent"
    return type(condition).__name__.lower()


def subject(condition: Condition) -> dict[str, Any]:
    """What the clause is about: keys of topology.yaml, apart from its bounds."""
    match condition:
        case Aggregate():
            found = _selected(condition.selection)
            if condition.property is not None:
                found["property"] = ".".join(condition.property)
            return found | _within(condition.within)
        case Edge():
            return _selected(condition.selection) | {"property": ".".join(condition.property)}
        case Purchases():
            return _within(condition.within)
        case Trait():
            return {"name": ".".join(condition.path)}
        case Member(segment):
            return {"segment": segment}
        case Computed(name):
            return {"name": name}
        case Tier(name) | Points(name):
            return {"programme": name}
        case ConsentNow(channel, purpose):
            return {"channel": channel, "purpose": purpose}
        case Sequence():
            steps = [_selected(one.selection) | ({"absent": True} if one.absent else {}) for one in condition.steps]
            return {"steps": steps} | _within(condition.within)
    return {}


def threshold(condition: Condition, currency: str) -> dict[str, Any]:
    """Operators and operands; empty of what has none."""
    match condition:
        case Aggregate():
            counted = condition.function in ("count", "distinct")
            return _bounds(condition.bounds, NUMBER if counted else MICRO, currency)
        case Purchases():
            return _bounds(condition.bounds, NUMBER if condition.measure == "orders" else MONEY, currency)
        case Edge() | Trait() | Computed() | Tier():
            return _tests(condition.tests)
        case Points(bounds=bounds):
            return _bounds(bounds, NUMBER, currency)
        case Stage(names):
            return {"in": list(names)}
        case ConsentNow(status=status):
            return {"is": status}
        case RfmScore(recency, frequency, monetary):
            wanted = {"recency": recency, "frequency": frequency, "monetary": monetary}
            return {name: list(scores) for name, scores in wanted.items() if scores}
        case CartNow():
            parts = {
                "value": _bounds(condition.value, MONEY, currency),
                "items": _bounds(condition.items, NUMBER, currency),
                "contains": _filters(condition.contains),
            }
            return {name: part for name, part in parts.items() if part}
    return {}


def _selected(selection: Selection) -> dict[str, Any]:
    found: dict[str, Any] = {"of": list(selection.events)}
    if selection.where:
        found["where"] = _filters(selection.where)
    return found


def _within(within: Within) -> dict[str, Any]:
    match within:
        case None:
            return {}
        case Calendar(unit):
            return {"within": {"calendar": unit}}
        case Since(events):
            return {"within": {"since": list(events)}}
    return {"within": format_duration(within)}


def _bounds(bounds: Iterable[Bound], unit: str, currency: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for bound in bounds:
        values = [in_unit(value, unit, currency) for value in bound.values]
        found[bound.op] = values if bound.op in ("between", "in", "not_in") else values[0]
    return found


def _filters(filters: Iterable[Filter]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for one in filters:
        tests = _tests(one.tests)
        found.setdefault(".".join(one.path), {}).update({"all_of": tests} if one.every else tests)
    return found


def _tests(tests: Iterable[Test]) -> dict[str, Any]:
    return {test.op: _operand(test.op, test.operand) for test in tests}


def _operand(op: str, operand: Any) -> Any:
    if op == "month":
        return "now" if operand[1] == "now" else list(operand[1:])
    if isinstance(operand, tuple):
        return [_operand(op, one) for one in operand]
    if isinstance(operand, Number):
        return number(operand.micro)
    if op == "within":
        return format_duration(operand)
    return format_instant(operand) if op in ("before", "after") else operand
