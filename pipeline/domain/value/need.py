"""What an operator needs of a value, so that one that is nothing of the kind is counted instead of failing silently."""

from collections.abc import Callable
from typing import Any
from zoneinfo import ZoneInfo

from pipeline.domain.definition import Test
from pipeline.domain.value.instant import parse_instant
from pipeline.domain.value.month import month_of
from pipeline.domain.value.number import to_micro
from pipeline.domain.value.path import elements

Need = Callable[[list[Any]], bool]
"""(ends of a path) -> is one of them what the operator can look at?"""

_UTC = ZoneInfo("UTC")


def number(ends: list[Any]) -> bool:
    return any(to_micro(value) is not None for value in elements(ends))


def date(ends: list[Any]) -> bool:
    return any(parse_instant(value) is not None for value in elements(ends))


def month(ends: list[Any]) -> bool:
    return any(month_of(value, _UTC) is not None for value in elements(ends))


def text(ends: list[Any]) -> bool:
    return any(type(value) is str for value in elements(ends))


def text_or_array(ends: list[Any]) -> bool:
    return any(type(value) is str or type(value) is list for value in ends)


_NEEDS: dict[str, Need] = {
    **dict.fromkeys(("at_least", "more_than", "at_most", "less_than", "between"), number),
    **dict.fromkeys(("before", "after", "within"), date),
    "month": month,
    **dict.fromkeys(("starts_with", "ends_with", "matches"), text),
    "contains": text_or_array,
}


def needs_of(tests: tuple[Test, ...]) -> dict[Need, None]:
    """As an ordered set. Whatever is compared, or asked whether it exists, needs nothing."""
    return dict.fromkeys(_NEEDS[test.op] for test in tests if test.op in _NEEDS)


def mistypes(ends: list[Any], needs: dict[Need, None]) -> bool:
    """Whether there is something, and a need that nothing of it meets."""
    return bool(needs) and bool(elements(ends)) and not all(need(ends) for need in needs)
