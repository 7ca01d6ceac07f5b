"""Segment changes once more, as calls for destinations that know Segment's: whether, and which."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from pipeline.config.entry import Entry
from pipeline.config.problem import Place

# Traits that destinations give a meaning (https://segment.com/docs/connections/spec/identify/), also in snake case, and
# the property that names the segment in a track call.
RESERVED = frozenset(
    {
        "address",
        "age",
        "audience_key",
        "avatar",
        "birthday",
        "company",
        "created_at",
        "description",
        "email",
        "first_name",
        "gender",
        "id",
        "last_name",
        "name",
        "phone",
        "title",
        "username",
        "website",
    }
)


class SegmentCalls(Entry):
    """Publish `segment-changes` as Segment-compatible calls, too, on the topic `segment-calls`; `{}` = all defaults."""

    render: Literal["track", "identify", "both"] = Field(
        default="both",
        description="`track`: an event, Audience Entered or Audience Exited. `identify`: a trait, true or false."
        " Silent changes come as identify only.",
        examples=["identify"],
    )
    traits: tuple[str, ...] = Field(
        default=(),
        description="Traits of the profile that go along, for destinations that know shoppers by them: numbers, true"
        " and false, and texts of at most 500 characters. They are personal data.",
        examples=[["email"]],
    )

    def clashes(self, segments: Iterable[str]) -> Iterator[tuple[Place, str]]:
        """Segments whose trait would overwrite another, as (place, what to do)."""
        for name in segments:
            if name in RESERVED or name in self.traits:
                yield ("segments", name), f"segment_calls would overwrite the trait {name}, rename the segment"
