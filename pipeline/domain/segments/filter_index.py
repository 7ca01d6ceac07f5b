"""Rules by the value that their filter asks for: an event costs what it may touch, not what there is."""

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from pipeline.domain.definition import Path, Selection
from pipeline.domain.value.operator import equality_key, equality_keys
from pipeline.domain.value.path import elements, reach

Rule = TypeVar("Rule")

Discriminator = tuple[Path, frozenset[Any]]
"""A property, and the equality keys of which one of its values must have one."""


def discriminator(selection: Selection) -> Discriminator | None:
    """What an event must show to pass the filters, if an `is` or `in` among them says so."""
    for one in selection.where:
        for test in one.tests:
            if not one.every and test.op in ("is", "in"):
                return one.path, equality_keys(test.operand)
    return None


class FilterIndex(Generic[Rule]):
    """Rules in their order; those without a discriminator concern every event."""

    __slots__ = ("_always", "_always_ranked", "_tables")

    def __init__(self, rules: Sequence[tuple[Rule, Discriminator | None]]) -> None:
        self._always_ranked = {rank: rule for rank, (rule, told) in enumerate(rules) if told is None}
        self._always = tuple(self._always_ranked.values())
        self._tables: dict[Path, dict[Any, dict[int, Rule]]] = {}
        for rank, (rule, told) in enumerate(rules):
            if told is not None:
                path, keys = told
                table = self._tables.setdefault(path, {})
                for key in keys:
                    table.setdefault(key, {})[rank] = rule

    def touched_by(self, properties: dict[str, Any]) -> Sequence[Rule]:
        """The rules that an event of these properties may concern."""
        found: dict[int, Rule] = {}
        for path, table in self._tables.items():
            for value in elements(reach(properties, path)):
                found.update(table.get(equality_key(value), {}))
        if not found:
            return self._always
        found.update(self._always_ranked)
        return [found[rank] for rank in sorted(found)]
