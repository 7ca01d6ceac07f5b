"""What changes once more, as calls for destinations that know Segment's: whether, and which."""

from collections.abc import Iterable, Iterator
from typing import Literal

from pydantic import Field

from pipeline.config.entry import Entry
from pipeline.config.problem import Place
from pipeline.domain.decision import STAGE_TRAIT

# Traits that destinations give a meaning (https://segment.com/docs/connections/spec/identify/), also in snake case, and
# the properties that name the segment or the trait in a track call.
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
        "trait_key",
        "username",
        "website",
    }
)


class SegmentCalls(Entry):
    """Publish `segment-changes`, `trait-changes` and `journey-changes` as Segment-compatible calls, too, on the topic
    `segment-calls`; `{}` = all defaults."""

    render: Literal["track", "identify", "both"] = Field(
        default="both",
        description="`track`: an event, Audience Entered, Audience Exited or Trait Computed. `identify`: a trait: of a"
        " segment true or false, of a computed trait its value, of the journey `journey_stage`. Silent changes come as"
        " identify only.",
        examples=["identify"],
    )
    traits: tuple[str, ...] = Field(
        default=(),
        description="Traits of the profile that go along, for destinations that know shoppers by them: numbers, true"
        " and false, and texts of at most 500 characters. They are personal data.",
        examples=[["email"]],
    )

    def clashes(self, segments: Iterable[str], traits: Iterable[str], journey: bool) -> Iterator[tuple[Place, str]]:
        """Segments and computed traits whose call would overwrite another trait, as (place, what to do). journey: there
        is one, whose stage is a trait as well."""
        taken = RESERVED.union(self.traits, [STAGE_TRAIT] if journey else [])
        for block, noun, names in (("segments", "segment", segments), ("traits", "computed trait", traits)):
            for name in names:
                if name in taken:
                    yield (block, name), f"segment_calls would overwrite the trait {name}, rename the {noun}"
            taken = taken.union(names)
