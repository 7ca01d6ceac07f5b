"""Property paths: how a rule reaches into what a client sent."""

from typing import Any

from pipeline.domain.definition import Path


def reach(value: Any, path: Path) -> list[Any]:
    """All values at `path`; a step through an array yields every element. A missing step yields nothing; null is not
    there (readings.md, 10); an array at the end is yielded element by element."""
    found = [value]
    for step in path:
        reached: list[Any] = []
        for here in found:
            for element in here if isinstance(here, list) else (here,):
                if isinstance(element, dict) and step in element:
                    reached.append(element[step])
        found = reached
    values: list[Any] = []
    for here in found:
        values.extend(here if isinstance(here, list) else (here,))
    return [one for one in values if one is not None]
