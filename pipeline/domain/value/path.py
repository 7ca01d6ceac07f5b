"""Property paths: how a rule reaches into what a client sent."""

from collections.abc import Iterable
from typing import Any

from pipeline.domain.definition import Path


def reach(value: Any, path: Path) -> list[Any]:
    """The values at the end of `path`, arrays as they are; a step through an array takes every element.

    A missing step yields nothing, and null is not there (readings.md, 10 and 11).
    """
    found = [value]
    for step in path:
        reached: list[Any] = []
        for here in found:
            if type(here) is dict:
                if step in here:
                    reached.append(here[step])
            elif type(here) is list:
                reached.extend(element[step] for element in here if type(element) is dict and step in element)
        found = reached
    return [one for one in found if one is not None]


def elements(ends: Iterable[Any]) -> list[Any]:
    """What `reach` found, element by element: an array at the end counts as its elements."""
    values: list[Any] = []
    for end in ends:
        if type(end) is list:
            values.extend(one for one in end if one is not None)
        else:
            values.append(end)
    return values
