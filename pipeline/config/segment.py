"""Segments: groups of shoppers that a condition defines."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import Field, WithJsonSchema

from pipeline.config.condition import Condition
from pipeline.config.duration import Duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.definition import Hold as Damping


class Hold(Entry):
    """Damping: a change is told only once the condition has stayed so for long enough. A break begins the wait anew."""

    enter: Duration = Field(0, description="How long the condition must hold before entering.", examples=["10m"])
    leave: Duration = Field(0, description="How long it must have ceased before leaving.", examples=["1d"])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not (self.enter or self.leave):
            yield (), "holds nothing back, give enter or leave a duration or leave hold out"


class Segment(Entry):
    """A group of shoppers: in it as long as the condition holds. It says `when`, or includes a standard segment."""

    title: str = Field("", description="What people call it; changes nothing.", examples=["Looking around a lot"])
    when: Condition = Field(description="The condition of membership; left out if `library` brings it.")
    hold: Hold | None = Field(
        None,
        description="How long a change must last before it is told.",
        examples=[{"enter": "10m", "leave": "1d"}],
    )
    definition_change: Literal["silent", "loud"] = Field(
        "silent",
        description="How its changes are told that come of a changed topology alone: `silent`, so that nothing is sent "
        "for them, or as any other.",
        examples=["loud"],
    )
    # Both are gone before a segment is validated: pipeline/config/inclusion.py puts what they stand for in their place.
    library: str | None = Field(
        None,
        description="A standard segment that brings title and condition: see [library](library.md).",
        examples=["champions"],
    )
    with_: Annotated[dict[str, Any] | None, WithJsonSchema({"type": "object", "title": "mapping"})] = Field(
        None,
        alias="with",
        description="Parameters of the standard segment; one left out has its default.",
        examples=[{"within": "180d", "orders": 4}],
    )

    def damping(self) -> Damping | None:
        """The hold as the core takes it."""
        return Damping(self.hold.enter, self.hold.leave) if self.hold is not None else None
