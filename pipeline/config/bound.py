"""Bounds of aggregates: `{at_least: 5, less_than: 10}`."""

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Generic, TypeVar

from pydantic import Field

from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.definition import Bound

T = TypeVar("T")

NUMERIC_OPERATORS = ("is", "is_not", "in", "not_in", "at_least", "more_than", "at_most", "less_than", "between")


class Bounds(Entry, Generic[T]):
    """Tests of a number, in its own unit; all of them must hold."""

    key_noun: ClassVar[str] = "operator"
    # The least value that the number can have.
    floor: ClassVar[int | None] = None

    at_least: T | None = Field(None, description="This much or more.", examples=[5])
    more_than: T | None = Field(None, description="More than this.", examples=[4])
    at_most: T | None = Field(None, description="This much or less.", examples=[3])
    less_than: T | None = Field(None, description="Less than this.", examples=[4])
    exactly: T | None = Field(None, description="Just this; the same as `is`.", examples=[1])
    is_: T | None = Field(None, alias="is", description="Just this.", examples=[1])
    is_not: T | None = Field(None, description="Anything but this.", examples=[0])
    in_: tuple[T, ...] | None = Field(None, alias="in", min_length=1, description="One of these.", examples=[[1, 2]])
    not_in: tuple[T, ...] | None = Field(None, min_length=1, description="None of these.", examples=[[1, 2]])
    between: tuple[T, T] | None = Field(None, description="From .. to, both included.", examples=[[1, 5]])

    def bounds(self) -> tuple[Bound, ...]:
        """The tests as the core takes them, in a fixed order whatever the order of keys."""
        found = []
        for op in NUMERIC_OPERATORS:
            value: Any = getattr(self, "is_" if op == "is" else "in_" if op == "in" else op)
            if op == "is" and value is None:
                value = self.exactly
            if value is not None:
                found.append(Bound(op, value if isinstance(value, tuple) else (value,)))
        return tuple(found)

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        bounds = self.bounds()
        if not bounds:
            yield (), "needs a bound, as at_least: 1"
        if self.is_ is not None and self.exactly is not None:
            yield (), "says both is and exactly, leave one out"
        elif contradiction(bounds, given, self.floor):
            yield (), contradiction(bounds, given, self.floor)


def contradiction(bounds: tuple[Bound, ...], given: Mapping[str, Any], floor: int | None) -> str:
    """Why no number can pass all bounds, "" if one can. floor: least value possible, None = any."""
    low, high = floor, None
    low_key = high_key = ""
    for bound in bounds:
        if bound.op == "between" and bound.values[0] > bound.values[1]:
            return "between goes from the smaller to the larger number, swap them"
        if bound.op in ("at_least", "more_than", "between", "is"):
            value = bound.values[0] + (bound.op == "more_than")
            if low is None or value > low:
                low, low_key = value, bound.op
        if bound.op in ("at_most", "less_than", "between", "is"):
            value = bound.values[-1] - (bound.op == "less_than")
            if high is None or value < high:
                high, high_key = value, bound.op
    if low is not None and high is not None and low > high:
        if not low_key:
            return f"{_shown(high_key, given)} can never be true, the least there is is {floor}"
        return f"{_shown(low_key, given)} and {_shown(high_key, given)} contradict each other, no number is both"
    if not _leaves_any(bounds, low, high):
        return f"{' and '.join(_shown(bound.op, given) for bound in bounds)} contradict each other, no number is left"
    return ""


def _leaves_any(bounds: tuple[Bound, ...], low: int | None, high: int | None) -> bool:
    """Whether a number from low to high is among all that are named, and none of those that are ruled out."""
    named = [set(bound.values) for bound in bounds if bound.op in ("is", "in")]
    ruled_out = {value for bound in bounds if bound.op in ("is_not", "not_in") for value in bound.values}
    if named:
        possible = set.intersection(*named) - ruled_out
        return any((low is None or value >= low) and (high is None or value <= high) for value in possible)
    if low is None or high is None or high - low >= len(ruled_out):
        return True
    return any(value not in ruled_out for value in range(low, high + 1))


def _shown(op: str, given: Mapping[str, Any]) -> str:
    key = "exactly" if op == "is" and "is" not in given else op
    value = given.get(key)
    return f"{key} [{', '.join(map(str, value))}]" if isinstance(value, list) else f"{key} {value}"
