"""Segments: groups of shoppers that a condition defines."""

from typing import ClassVar

from pydantic import Field

from pipeline.config.condition import Condition
from pipeline.config.entry import Entry


class Segment(Entry):
    """A group of shoppers: in it as long as the condition holds."""

    later_keys: ClassVar[tuple[str, ...]] = ("hold",)

    title: str = Field("", description="What people call it; changes nothing.", examples=["Looking around a lot"])
    when: Condition = Field(description="The condition of membership.")
