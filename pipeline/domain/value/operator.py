"""The operators of conditions and filters, compiled to closures over the values that a path reached."""

from collections.abc import Callable
from fractions import Fraction
from typing import Any

import re2

from pipeline.domain.definition import TIME_PROPERTY, Bound, Filter, Number, Scalar, Test
from pipeline.domain.value.instant import parse_instant
from pipeline.domain.value.month import is_of_month, next_month
from pipeline.domain.value.number import MICRO, parse_decimal, to_micro
from pipeline.domain.value.path import elements, reach

_NO_SCALAR = object()

Ends = list[Any]
Check = Callable[[Ends, int], bool]
"""(ends of a path, now in ms) -> does the test hold?"""


def equality_key(value: Any) -> Any:
    """Two scalars are equal if their keys are: "10" and 10 share one (readings.md, 11); true equals only true."""
    if type(value) is bool:
        return ("bool", value)
    if type(value) is Number:
        return value.micro
    micro = to_micro(value)
    if micro is not None:
        return micro
    if type(value) is int:
        return value * MICRO
    if type(value) is str and 12 <= len(value) <= 40 and value.isascii() and value.isdigit():
        return int(value) * MICRO
    if type(value) is float:
        number = parse_decimal(value)
        return value if number is None else number * MICRO
    if type(value) is str:
        return value
    return ("null",) if value is None else _NO_SCALAR


def _any_key(keys: frozenset[Any]) -> Check:
    def check(ends: Ends, now: int) -> bool:
        return any(equality_key(value) in keys for value in elements(ends))

    return check


def _any_number(test: Callable[[int], bool]) -> Check:
    def check(ends: Ends, now: int) -> bool:
        for value in elements(ends):
            micro = to_micro(value)
            if micro is not None and test(micro):
                return True
        return False

    return check


def _any_text(test: Callable[[str], bool]) -> Check:
    def check(ends: Ends, now: int) -> bool:
        return any(type(value) is str and test(value) for value in elements(ends))

    return check


def _any_instant(test: Callable[[int, int], bool]) -> Check:
    def check(ends: Ends, now: int) -> bool:
        for value in elements(ends):
            instant = parse_instant(value)
            if instant is not None and test(instant, now):
                return True
        return False

    return check


def _any_date(test: Callable[[Any, int], bool]) -> Check:
    return lambda ends, now: any(test(value, now) for value in elements(ends))


def _contains(operand: Scalar) -> Check:
    """In a text, a part of it; in an array, an equal element (readings.md, 12)."""
    key = equality_key(operand)
    text = operand if type(operand) is str else None

    def check(ends: Ends, now: int) -> bool:
        for end in ends:
            if type(end) is list:
                if any(equality_key(element) == key for element in end if element is not None):
                    return True
            elif text is not None and type(end) is str and text in end:
                return True
        return False

    return check


def _not(check: Check) -> Check:
    return lambda ends, now: not check(ends, now)


def _number(operand: object) -> int:
    if not isinstance(operand, Number):
        raise TypeError(f"a number is needed, not {operand!r}")
    return operand.micro


def equality_keys(operand: object) -> frozenset[Any]:
    """Keys of the scalars that `is` (one) or `in` (a tuple) asks for."""
    values = operand if isinstance(operand, tuple) else (operand,)
    return frozenset(equality_key(value) for value in values)


def _between(operand: object) -> Callable[[int], bool]:
    if not isinstance(operand, tuple):
        raise TypeError(f"two numbers are needed, not {operand!r}")
    low, high = (_number(one) for one in operand)
    return lambda micro: low <= micro <= high


def _pattern(operand: object) -> Callable[[str], bool]:
    search = re2.compile(str(operand)).search
    return lambda value: search(value) is not None


def _exists(operand: object) -> Check:
    return lambda ends, now: bool(elements(ends)) is operand


_BUILD: dict[str, Callable[[Any], Check]] = {
    "is": lambda x: _any_key(equality_keys(x)),
    "is_not": lambda x: _not(_any_key(equality_keys(x))),
    "in": lambda x: _any_key(equality_keys(x)),
    "not_in": lambda x: _not(_any_key(equality_keys(x))),
    "at_least": lambda x: _any_number(_number(x).__le__),
    "more_than": lambda x: _any_number(_number(x).__lt__),
    "at_most": lambda x: _any_number(_number(x).__ge__),
    "less_than": lambda x: _any_number(_number(x).__gt__),
    "between": lambda x: _any_number(_between(x)),
    "contains": _contains,
    "starts_with": lambda x: _any_text(lambda value: value.startswith(x)),
    "ends_with": lambda x: _any_text(lambda value: value.endswith(x)),
    "matches": lambda x: _any_text(_pattern(x)),
    "exists": _exists,
    "before": lambda x: _any_instant(lambda instant, now: instant < x),
    "after": lambda x: _any_instant(lambda instant, now: instant > x),
    "within": lambda x: _any_instant(lambda instant, now: now - x < instant <= now),
    "month": lambda x: _any_date(is_of_month(x)),
}


def compile_tests(tests: tuple[Test, ...], every: bool = False) -> Check:
    """All tests must hold of the ends of a path; `every`: of each single element, of which there must be one."""
    checks = tuple(_BUILD[test.op](test.operand) for test in tests)
    if every:

        def check_every(ends: Ends, now: int) -> bool:
            values = elements(ends)
            return bool(values) and all(check([value], now) for value in values for check in checks)

        return check_every
    if len(checks) == 1:
        return checks[0]
    return lambda ends, now: all(check(ends, now) for check in checks)


TIMED = frozenset({"within", "month"})
"""Operators whose truth may change as time passes."""


def next_change(tests: tuple[Test, ...], ends: Ends, now: int) -> int:
    """The next instant (ms) at which a test of TIMED may change its truth by itself; 0 = never."""
    soonest = 0
    for test in tests:
        if test.op not in TIMED:
            continue
        for value in elements(ends):
            change = next_month(test.operand, value, now) if test.op == "month" else _passing(test.operand, value, now)
            if change > now and (soonest == 0 or change < soonest):
                soonest = change
    return soonest


def _passing(within: object, value: Any, now: int) -> int:
    instant = parse_instant(value)
    if instant is None or not isinstance(within, int):
        return 0
    return instant if instant > now else instant + within


def compile_filters(filters: tuple[Filter, ...]) -> Callable[[dict[str, Any], int], bool] | None:
    """(properties, event time) -> do all filters pass? None if there is nothing to check."""
    if not filters:
        return None
    checks = tuple(_compile_filter(one) for one in filters)
    if len(checks) == 1:
        return checks[0]
    return lambda properties, at: all(check(properties, at) for check in checks)


def _compile_filter(one: Filter) -> Callable[[dict[str, Any], int], bool]:
    path, check = one.path, compile_tests(one.tests, one.every)
    if path == TIME_PROPERTY:
        return lambda properties, at: check([at], at)
    return lambda properties, at: check(reach(properties, path), at)


def compile_bounds(bounds: tuple[Bound, ...]) -> Callable[[int | Fraction], bool]:
    """Aggregate -> do all bounds hold? In the aggregate's own unit; an average is a Fraction, so that it is exact."""
    tests = tuple(_bound(bound) for bound in bounds)
    if len(tests) == 1:
        return tests[0]
    return lambda value: all(test(value) for test in tests)


def _bound(bound: Bound) -> Callable[[int | Fraction], bool]:
    values = bound.values
    first = values[0]
    match bound.op:
        case "at_least":
            return lambda value: value >= first
        case "more_than":
            return lambda value: value > first
        case "at_most":
            return lambda value: value <= first
        case "less_than":
            return lambda value: value < first
        case "between":
            return lambda value: first <= value <= values[1]
        case "is" | "in":
            return lambda value: value in values
        case "is_not" | "not_in":
            return lambda value: value not in values
    raise ValueError(f"unknown bound {bound.op}")
