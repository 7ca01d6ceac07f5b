"""What points of a loyalty programme are spent on."""

from typing import Annotated

from pydantic import Field

from pipeline.config.entry import Entry
from pipeline.config.quantity import Whole
from pipeline.config.rule_name import RuleName
from pipeline.domain.loyalty_definition import Reward as RewardDefinition


class Reward(Entry):
    """A reward. A shopper who can have it for the first time is told of on `reward-available`."""

    title: str = Field("", description="What people call it; changes nothing.")
    cost: Annotated[Whole, Field(ge=1, le=10**12)] = Field(description="Points that it costs.", examples=[500])
    limit: Annotated[Whole, Field(ge=1, le=100)] | None = Field(
        None, description="How often a shopper may have it. Left out: any number of times.", examples=[1]
    )
    tier: RuleName | None = Field(
        None, description="The level from which on a shopper may have it. Left out: any.", examples=["silver"]
    )

    def definition(self, name: str) -> RewardDefinition:
        """The reward as the core takes it."""
        return RewardDefinition(name, self.cost, self.limit or 0, self.tier or "")
