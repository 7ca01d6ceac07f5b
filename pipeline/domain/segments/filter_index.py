"""Rules by the value that their filter asks for: an event costs what it may touch, not what there is."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pipeline.domain.definition import TIME_PROPERTY, Path, Selection
from pipeline.domain.value.operator import equality_key, equality_keys
from pipeline.domain.value.path import elements, reach

Rule = TypeVar("Rule")

Discriminator = tuple[Path, frozenset[Any]]
"""A property, and the equality keys of which one of its values must have one."""


def discriminator(selection: Selection) -> Discriminator | None:
    """What an event must show to pass the filters, if an `is` or `in` among them says so."""
    for one in selection.where:
        for test in one.tests:
            if not one.every and one.path != TIME_PROPERTY and test.op in ("is", "in"):
                return one.path, equality_keys(test.operand)
    return None


Shown = Sequence[tuple[Path, Any]]
"""What an event shows: properties, and the equality keys of their values."""


def shown(properties: dict[str, Any], paths: Sequence[Path]) -> Shown:
    return [(path, equality_key(value)) for path in paths for value in elements(reach(properties, path))]


class FilterIndex(Generic[Rule]):
    """Rules in their order; those without a discriminator concern every event. paths: the properties that tell."""

    __slots__ = ("_always", "_always_ranked", "_table", "paths")

    def __init__(self, rules: Sequence[tuple[Rule, Discriminator | None]]) -> None:
        self._always_ranked = {rank: rule for rank, (rule, told) in enumerate(rules) if told is None}
        self._always = tuple(self._always_ranked.values())
        self._table: dict[tuple[Path, Any], dict[int, Rule]] = {}
        for rank, (rule, told) in enumerate(rules):
            if told is not None:
                path, keys = told
                for key in keys:
                    self._table.setdefault((path, key), {})[rank] = rule
        self.paths = tuple(dict.fromkeys(path for path, _ in self._table))

    def touched_by(self, showing: Shown) -> Sequence[Rule]:
        """The rules that an event which shows this may concern."""
        found: dict[int, Rule] = {}
        for one in showing:
            if one in self._table:
                found.update(self._table[one])
        if not found:
            return self._always
        found.update(self._always_ranked)
        return [found[rank] for rank in sorted(found)]
