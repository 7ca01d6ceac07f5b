"""References of conditions to segments, stages and traits: they must exist, and must not go round."""

from collections.abc import Iterator, Mapping
from typing import Any

from pipeline.config.problem import Place, nearest
from pipeline.domain.definition import All, AnyOf, Condition, Member, Not
from pipeline.domain.derived_definition import Stage

# The journey's place among segments: a stage may ask for a segment, and a segment for a stage.
JOURNEY = "journey"


def reference_mistakes(root: Mapping[str, Any]) -> Iterator[tuple[Place, str, str | None]]:
    """What is wrong with the references of a file as written, whatever else is wrong with it."""
    known = {section: _names(root, section) for section in ("segments", "traits", "loyalty", JOURNEY)}
    edges: dict[str, list[str]] = {name: [] for name in (*known["segments"], f"${JOURNEY}")}
    places: dict[tuple[str, str], Place] = {}
    for owner, condition, at in _conditions(root):
        for key, target, place, tests in _references(condition, at):
            if key == "rfm":
                if "rfm" not in root:
                    yield place, "there are no thresholds, add a block rfm: (afterclick rfm fit makes one)", None
                continue
            if key == "computed":
                yield from _type_mistakes(root, target, tests, place)
            if key == "tier":
                yield from _tier_mistakes(root, target, tests, place)
            section, noun = _TARGETS[key]
            if target not in known[section]:
                yield place, f"there is no {noun} {target}", nearest(target, known[section])
            elif owner in edges and section in ("segments", JOURNEY):
                to = f"${JOURNEY}" if section == JOURNEY else target
                edges[owner].append(to)
                places.setdefault((owner, to), place)
    for cycle in _cycles(edges):
        told = " -> ".join(name.removeprefix("$") for name in cycle)
        yield places[(cycle[0], cycle[1])], f"segments refer to each other in a circle: {told}", None


# Key of a condition -> the section that it refers to, and what stands there.
_TARGETS = {
    "in": ("segments", "segment"),
    "stage": (JOURNEY, "stage"),
    "computed": ("traits", "computed trait"),
    "tier": ("loyalty", "loyalty programme"),
    "points": ("loyalty", "loyalty programme"),
}


# Functions of traits that are numbers, and the operators that such a trait could never pass.
_NUMBERS = frozenset({"count", "sum", "min", "max", "avg", "distinct", "orders", "spend"})
_NO_NUMBERS = ("contains", "starts_with", "ends_with", "matches", "before", "after", "within", "month")


def _type_mistakes(
    root: Mapping[str, Any], trait: str, tests: Mapping[str, Any], place: Place
) -> Iterator[tuple[Place, str, str | None]]:
    """Operators that do not fit the type of a computed trait. place: of the trait's name in the condition."""
    traits = root.get("traits")
    entry = traits.get(trait) if isinstance(traits, Mapping) else None
    function = next((key for key in entry if key in _NUMBERS), None) if isinstance(entry, Mapping) else None
    for op in _NO_NUMBERS if function is not None else ():
        if op in tests:
            yield (*place[:-1], op), f"{trait} is a number ({function}), {op} is not for numbers", None


def _tier_mistakes(
    root: Mapping[str, Any], programme: str, tests: Mapping[str, Any], place: Place
) -> Iterator[tuple[Place, str, str | None]]:
    """Tiers that the programme has not. place: of the programme's name in the condition."""
    entry = root.get("loyalty")
    for part in (programme, "tiers", "levels"):
        entry = entry.get(part) if isinstance(entry, Mapping) else None
    named = [one.get("name") for one in entry if isinstance(one, Mapping)] if isinstance(entry, list) else []
    levels = [name for name in named if isinstance(name, str)]
    for op in ("is", "is_not", "in", "not_in") if levels else ():
        value = tests.get(op)
        for name in value if isinstance(value, list) else [value]:
            if isinstance(name, str) and name not in levels:
                yield (*place[:-1], op), f"{programme} has no tier {name}", nearest(name, levels)


def _names(root: Mapping[str, Any], section: str) -> list[str]:
    """What conditions may refer to in a section, as far as it is written right."""
    block = root.get(section)
    if isinstance(block, Mapping):
        return list(block)
    stages = (each.get("stage") for each in block if isinstance(each, Mapping)) if isinstance(block, list) else ()
    return [stage for stage in stages if isinstance(stage, str)]


def _conditions(root: Mapping[str, Any]) -> Iterator[tuple[str, Any, Place]]:
    """Every condition as written, with the node of the graph that it belongs to ("" = none refers to it)."""
    for section, keys in (("segments", ("when",)), ("abandonment", ("when", "unless"))):
        rules = root.get(section)
        for name, rule in rules.items() if isinstance(rules, Mapping) else ():
            for key in keys if isinstance(rule, Mapping) else ():
                yield name if section == "segments" else "", rule.get(key), (section, name, key)
    messaging = root.get("messaging")
    messages = messaging.get("messages") if isinstance(messaging, Mapping) else None
    for name, message in messages.items() if isinstance(messages, Mapping) else ():
        if isinstance(message, Mapping):
            yield "", message.get("unless"), ("messaging", "messages", name, "unless")
    stages = root.get(JOURNEY)
    for index, stage in enumerate(stages if isinstance(stages, list) else ()):
        if isinstance(stage, Mapping):
            yield f"${JOURNEY}", stage.get("when"), (JOURNEY, index, "when")


def members_of(condition: Condition) -> Iterator[str]:
    """Names of the segments that a condition refers to."""
    if isinstance(condition, Member):
        yield condition.segment
    elif isinstance(condition, Not):
        yield from members_of(condition.of)
    elif isinstance(condition, (All, AnyOf)):
        for each in condition.of:
            yield from members_of(each)
    elif isinstance(condition, Stage) and condition.journey is not None:
        for stage in condition.journey.stages:
            yield from members_of(stage.when) if stage.when is not None else ()


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


def _references(condition: Any, place: Place) -> Iterator[tuple[str, str, Place, Mapping[str, Any]]]:
    """References in a condition as written: the key that refers, the name it refers to, the place, and
    the block that the name stands in."""
    if not isinstance(condition, Mapping):
        return
    for key, value in condition.items():
        if key == "in" and isinstance(value, str):
            yield key, value, (*place, key), condition
        elif key == "stage" and isinstance(value, list):
            for index, each in enumerate(value):
                if isinstance(each, str):
                    yield key, each, (*place, key, index), condition
        elif key == "computed" and isinstance(value, Mapping) and isinstance(value.get("name"), str):
            yield key, value["name"], (*place, key, "name"), value
        elif key in ("tier", "points") and isinstance(value, Mapping) and isinstance(value.get("programme"), str):
            yield key, value["programme"], (*place, key, "programme"), value
        elif key == "rfm":
            yield key, key, (*place, key), condition
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
