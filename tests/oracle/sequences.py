"""Sequences by definition: every choice of events for the steps is tried (readings.md, 20)."""

from collections.abc import Iterator
from itertools import product
from typing import Any

from tests.oracle.history import Record
from tests.oracle.values import elements, equal, reach, span

Values = tuple[Any, ...]


def happened(form: dict[str, Any], candidates: list[list[Record]], now: int) -> bool:
    """candidates: of each step the events that it names and that pass its filters, in any order."""
    same, length = form.get("same") or [], span(form["within"])
    absent = candidates[-1] if form["steps"][-1].get("absent") else None
    present = candidates[:-1] if absent is not None else candidates
    for first in present[0]:
        for values in combinations(first, same):
            wanted = [[one for one in found if shows(one, same, values)] for found in present[1:]]
            for last in ends(first, wanted, first.time + length):
                if absent is None:
                    return True
                answers = [one for one in absent if shows(one, same, values)]
                if any(last.time < one.time <= first.time + length for one in answers):
                    continue
                if now >= first.time + length:
                    return True
    return False


def ends(before: Record, steps: list[list[Record]], until: int) -> Iterator[Record]:
    """The last events of all chains that go on from `before`, each event later than the one before it."""
    if not steps:
        yield before
        return
    for one in steps[0]:
        if before.time < one.time <= until:
            yield from ends(one, steps[1:], until)


def values_at(record: Record, path: str) -> list[Any]:
    return [one for one in elements(reach(record.properties, path)) if not isinstance(one, dict | list)]


def combinations(record: Record, same: list[str]) -> Iterator[Values]:
    """Each choice of one value of every property; none if one of them is missing."""
    return product(*(values_at(record, path) for path in same))


def shows(record: Record, same: list[str], values: Values) -> bool:
    return all(
        any(equal(one, value) for one in values_at(record, path)) for path, value in zip(same, values, strict=True)
    )
