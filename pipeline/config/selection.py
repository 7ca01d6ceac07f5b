"""Which events a condition looks at."""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, ClassVar

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pipeline.config.entry import Entry, Reading
from pipeline.config.operator import FilterTests, parse_path
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.definition import Filter, Selection
from pipeline.domain.intake.alias import Aliases

ANY_EVENT = "*"
# Calls that are no behaviour and are never counted (readings.md, 15).
_NEVER_COUNTED = ("identify", "alias", "group")


def named_events(value: Any) -> tuple[str, ...]:
    """An event name, a list of them, or "*", each once and in order. Raises ValueError."""
    names = value if isinstance(value, list) else [value]
    if not names or not all(isinstance(name, str) and name.strip() for name in names):
        raise ValueError('should be an event name, a list of them, or "*"')
    for name in names:
        if name in _NEVER_COUNTED:
            raise ValueError(f"{name} calls are never counted, name a track event, page or screen")
    if ANY_EVENT in names and len(names) > 1:
        raise ValueError('"*" already means every event, leave the others out')
    return tuple(sorted(set(names)))


def _path(value: str) -> str:
    parse_path(value)
    return value


EVENT_SCHEMA = {
    "anyOf": [{"type": "string", "minLength": 1}, {"type": "array", "items": {"type": "string"}, "minItems": 1}],
    "title": "event",
}
EventNames = Annotated[
    tuple[str, ...],
    BeforeValidator(named_events),
    WithJsonSchema(EVENT_SCHEMA),
]
Filters = dict[Annotated[str, AfterValidator(_path)], Annotated[FilterTests, BeforeValidator(FilterTests.written)]]


class Selecting(Entry):
    """Events by name, and by what their properties must be."""

    key_noun: ClassVar[str] = "key or operator"

    of: EventNames = Field(
        description='An event name, a list of names, or "*" for every track, page and screen event.',
        examples=["Product Viewed"],
    )
    where: Filters = Field(
        {},
        description="Property path -> value, list of values, or operators; all must hold. `$time` is the event's time.",
        examples=[{"products.category": "Shoes"}],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        standard = Aliases(reading.aliases)
        for name in self.of:
            if standard[name] != name:
                yield ("of",), f"rules see standard names: {name} is an alias of {standard[name]}, name that"
        yield from super().mistakes(given, reading)

    def selection(self) -> Selection:
        return Selection(self.of, filters(self.where))


def filters(where: Mapping[str, FilterTests]) -> tuple[Filter, ...]:
    """The filters as the core takes them, in order of paths."""
    found: list[Filter] = []
    for path in sorted(where):
        found.extend(where[path].filters(parse_path(path)))
    return tuple(found)
