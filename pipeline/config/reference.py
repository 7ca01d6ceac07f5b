"""References from segment to segment: they must exist, and must not go round."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.problem import Place, nearest
from pipeline.domain.definition import All, AnyOf, Condition, Member, Not


def reference_mistakes(root: Mapping[str, Any]) -> Iterator[tuple[Place, str, str | None]]:
    """What is wrong with the references of a file as written, whatever else is wrong with it."""
    segments = root.get("segments")
    known: Mapping[str, Any] = segments if isinstance(segments, Mapping) else {}
    edges: dict[str, list[str]] = {name: [] for name in known}
    places: dict[tuple[str, str], Place] = {}
    for section, keys in (("segments", ("when",)), ("abandonment", ("when", "unless"))):
        rules = root.get(section)
        for name, rule in rules.items() if isinstance(rules, Mapping) else ():
            for key in keys if isinstance(rule, Mapping) else ():
                for target, place in _references(rule.get(key), (section, name, key)):
                    if target not in known:
                        yield place, f"there is no segment {target}", nearest(target, known)
                    elif section == "segments":
                        edges[name].append(target)
                        places.setdefault((name, target), place)
    for cycle in _cycles(edges):
        yield places[(cycle[0], cycle[1])], f"segments refer to each other in a circle: {' -> '.join(cycle)}", None


def members_of(condition: Condition) -> Iterator[str]:
    """Names of the segments that a condition refers to."""
    if isinstance(condition, Member):
        yield condition.segment
    elif isinstance(condition, Not):
        yield from members_of(condition.of)
    elif isinstance(condition, (All, AnyOf)):
        for each in condition.of:
            yield from members_of(each)


def in_order(edges: Mapping[str, list[str]]) -> list[str]:
    """All names, each after those it refers to, else by name; there must be no cycle."""
    ordered: dict[str, None] = {}
    for name in sorted(edges):
        waiting = [name]
        while waiting:
            missing = [target for target in sorted(set(edges[waiting[-1]])) if target not in ordered]
            if missing:
                waiting.extend(reversed(missing))
            else:
                ordered[waiting.pop()] = None
    return list(ordered)


def _references(condition: Any, place: Place) -> Iterator[tuple[str, Place]]:
    """Names of segments in a condition as written, with their places."""
    if not isinstance(condition, Mapping):
        return
    for key, value in condition.items():
        if key == "in" and isinstance(value, str):
            yield value, (*place, key)
        elif key == "not":
            yield from _references(value, (*place, key))
        elif key in ("all", "any") and isinstance(value, list):
            for index, each in enumerate(value):
                yield from _references(each, (*place, key, index))


def _cycles(edges: Mapping[str, list[str]]) -> Iterator[list[str]]:
    """Round trips among segments, as `[a, b, a]`: one for each reference that closes one."""
    finished: set[str] = set()
    for start in sorted(edges):
        path = [start] if start not in finished else []
        ahead = [iter(sorted(set(edges[start])))] if path else []
        while path:
            target = next(ahead[-1], None)
            if target is None:
                finished.add(path.pop())
                ahead.pop()
            elif target in path:
                yield [*path[path.index(target) :], target]
            elif target not in finished:
                path.append(target)
                ahead.append(iter(sorted(set(edges[target]))))
