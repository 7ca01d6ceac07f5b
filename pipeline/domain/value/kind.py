"""Kinds of JSON values, so that a value of another kind than the last one, or than a rule needs, is counted."""

from typing import Any

from pipeline.domain.value.number import to_micro
from pipeline.domain.value.path import elements


def kind(value: Any) -> str:
    """`number` (a plain decimal text is one, as in comparisons), `text`, `boolean`, `object`, `array`; "" of null."""
    if value is None:
        return ""
    if type(value) is bool:
        return "boolean"
    if type(value) is str:
        return "text" if to_micro(value) is None else "number"
    if type(value) is dict:
        return "object"
    return "array" if type(value) is list else "number"


def changes_kind(before: Any, after: Any) -> bool:
    """Whether both are there and of different kinds."""
    if before is None or after is None:
        return False
    return kind(before) != kind(after)


def changes_kinds(before: list[Any], after: list[Any]) -> bool:
    """Whether ends of a path were there and still are, and one is of a kind that none was; in arrays, its elements."""
    if not before or not after:
        return False
    if changes_kind(before[0], after[0]):
        return True
    if len(after) == 1 and type(after[0]) is not list and len(before) == 1:
        return False
    was = {kind(one) for one in elements(before)}
    return bool(was) and any(kind(one) not in was for one in elements(after))
