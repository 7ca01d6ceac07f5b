"""Paths into the context of calls that conditions ask for, and that nothing reads: they are never there."""

from collections.abc import Iterator
from dataclasses import fields, is_dataclass
from typing import Any

from pipeline.domain.definition import Plan
from pipeline.domain.intake.enrichment import CONTEXT, PLACES


def unread_paths(plan: Plan) -> Iterator[str]:
    """A sentence for each rule and path."""
    read = {PLACES[name] for name in plan.intake.enrich} if plan.intake is not None else set()
    lacking = {place: name for name, place in PLACES.items() if place not in read}
    rules: list[tuple[str, Any]] = [(f"segments.{rule.name}", rule) for rule in plan.segments]
    rules += [(f"traits.{rule.name}", rule) for rule in plan.traits]
    rules += [(f"abandonment.{rule.name}", rule) for rule in plan.abandonments]
    for name, rule in rules:
        for path in sorted(set(_paths(rule))):
            if path[0] == CONTEXT and len(path) > 1 and path[1] in lacking:
                yield (
                    f"{name}: asks for {'.'.join(path)}, which is there only if events have it as a property:"
                    f" intake.enrich does not name {lacking[path[1]]}"
                )


def _paths(meaning: Any) -> Iterator[tuple[str, ...]]:
    """Of properties, wherever they stand in a rule."""
    if isinstance(meaning, tuple):
        for each in meaning:
            yield from _paths(each)
    elif is_dataclass(meaning):
        for each in fields(meaning):
            value = getattr(meaning, each.name)
            if each.name in ("path", "property") and isinstance(value, tuple) and value:
                yield value
            elif each.name == "same":
                yield from value
            else:
                yield from _paths(value)
