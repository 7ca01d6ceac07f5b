"""What conditions ask of profile traits, so that a trait of another type than they know, or need, is counted."""

from typing import Any

from pipeline.domain.definition import Path, Trait
from pipeline.domain.value.kind import changes_kinds
from pipeline.domain.value.need import Need, mistypes, needs_of
from pipeline.domain.value.path import reach


class AskedTraits:
    """Paths into traits that some condition looks at, and what its operators need there."""

    __slots__ = ("_needs", "_paths")

    def __init__(self) -> None:
        self._needs: dict[Path, dict[Need, None]] = {}
        self._paths: dict[str, list[Path]] = {}

    def add(self, trait: Trait) -> None:
        name, rest = trait.path[0], trait.path[1:]
        if trait.path not in self._needs:
            self._needs[trait.path] = {}
            self._paths.setdefault(name, []).append(rest)
        self._needs[trait.path] |= needs_of(trait.tests)

    def mistyped(self, traits: dict[str, Any]) -> bool:
        """Whether one of the traits of a call is nothing that a condition on it can look at."""
        return any(
            mistypes(reach(value, rest), self._needs[(name, *rest)])
            for name, value in traits.items()
            for rest in self._paths.get(name, ())
        )

    def changes_type(self, name: str, before: Any, after: Any) -> bool:
        """Whether a condition finds another kind of value in the trait than before."""
        return any(changes_kinds(reach(before, rest), reach(after, rest)) for rest in self._paths.get(name, ()))
