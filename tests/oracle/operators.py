"""Operators of conditions and filters (readings.md, 9 to 14)."""

import re
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

import re2

from tests.oracle.values import elements, equal, instant, local, number, reach, span

NUMERIC = ("at_least", "more_than", "at_most", "less_than", "between")


def passes(properties: Mapping[str, Any], where: Mapping[str, Any], now: int) -> bool:
    return all(
        holds(expected, [now] if path == "$time" else reach(properties, path), now) for path, expected in where.items()
    )


def holds(expected: Any, ends: list[Any], now: int) -> bool:
    """Whether what stands at the end of a path is as expected: a value, a list (`in`), or a mapping of operators."""
    if isinstance(expected, list):
        return satisfies("in", expected, ends, now)
    if not isinstance(expected, dict):
        return satisfies("is", expected, ends, now)
    rest = {op: operand for op, operand in expected.items() if op != "all_of"}
    if "all_of" in expected:
        each = elements(ends)
        if not each or not all(holds(expected["all_of"], [one], now) for one in each):
            return False
    return all(satisfies(op, operand, ends, now) for op, operand in rest.items())


def satisfies(op: str, operand: Any, ends: list[Any], now: int) -> bool:
    if op == "exists":
        return bool(ends) is operand
    if op == "is_not":
        return not satisfies("is", operand, ends, now)
    if op == "not_in":
        return not satisfies("in", operand, ends, now)
    if op == "contains":
        return any(_contains(end, operand) for end in ends)
    return any(_element(op, operand, one, now) for one in elements(ends))


def _contains(end: Any, operand: Any) -> bool:
    if isinstance(end, list):
        return any(equal(one, operand) for one in end if one is not None)
    return isinstance(end, str) and isinstance(operand, str) and operand in end


def _element(op: str, operand: Any, value: Any, now: int) -> bool:
    if op == "is":
        return equal(value, operand)
    if op == "in":
        return any(equal(value, one) for one in operand)
    if op in NUMERIC:
        found = number(value)
        return found is not None and compare(op, found, operand)
    if op in ("starts_with", "ends_with", "matches"):
        return isinstance(value, str) and _text(op, operand, value)
    if op == "month":
        return _of_month(operand["month"], ZoneInfo(operand["zone"]), value, now)
    moment = instant(value)
    if moment is None:
        return False
    if op == "before":
        return moment < _operand_instant(operand)
    if op == "after":
        return moment > _operand_instant(operand)
    if op == "within":
        return now - span(operand) < moment <= now
    raise ValueError(op)


def _of_month(months: Any, zone: ZoneInfo, value: Any, now: int) -> bool:
    """docs/rules.md: the month that a text says, without a year too; of an epoch number the one in the shop's zone."""
    if isinstance(value, str) and re.match(r"(\d{4}|-)-\d\d-\d\d", value):
        year, _, rest = value.rpartition("--") if value.startswith("--") else (value[:4], "", value[5:])
        if instant(f"{year or 2000}-{rest}") is None:
            return False
        month = int(rest[:2])
    else:
        moment = instant(value)
        if moment is None:
            return False
        month = local(moment, zone).month
    if months == "now":
        return month == local(now, zone).month
    return month in (months if isinstance(months, list) else [months])


def _operand_instant(operand: Any) -> int:
    moment = instant(operand)
    if moment is None:
        raise ValueError(operand)
    return moment


def _text(op: str, operand: str, value: str) -> bool:
    if op == "starts_with":
        return value.startswith(operand)
    if op == "ends_with":
        return value.endswith(operand)
    return re2.search(operand, value) is not None


def compare(op: str, found: Decimal | Fraction | int, operand: Any) -> bool:
    """A number against a bound; `exactly` and `is` are the same (topology.md, "Conditions")."""
    left = Fraction(found)
    if op in ("between", "in", "not_in"):
        bounds = [Fraction(str(one)) for one in operand]
        if op == "between":
            return bounds[0] <= left <= bounds[1]
        return (left in bounds) is (op == "in")
    right = Fraction(str(operand))
    return {
        "at_least": left >= right,
        "more_than": left > right,
        "at_most": left <= right,
        "less_than": left < right,
        "exactly": left == right,
        "is": left == right,
        "is_not": left != right,
    }[op]


def bounded(form: Mapping[str, Any], found: Decimal | Fraction | int | None) -> bool:
    """Whether an aggregate is within all its bounds; of nothing (None) every operator is false (readings.md, 9)."""
    names = ("at_least", "more_than", "at_most", "less_than", "exactly", "is", "is_not", "in", "not_in", "between")
    return found is not None and all(compare(op, found, form[op]) for op in names if op in form)
