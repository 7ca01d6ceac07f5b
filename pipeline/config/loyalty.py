"""Loyalty programmes: points for orders, and the tiers that they lead to."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from pipeline.config.earn import Earn
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.config.tiers import Tiers
from pipeline.domain.loyalty_definition import EarnRule, ProgrammeDefinition


class Programme(Entry):
    """A loyalty programme. Shoppers join it with their first event that it takes."""

    later_keys: ClassVar[tuple[str, ...]] = ("confirm_after", "expire", "notices", "rewards")

    title: str = Field("", description="What people call it; changes nothing.")
    earn: tuple[Earn, ...] = Field((), description="What earns points.")
    refunds: Literal["negative_allowed", "floor_zero"] = Field(
        "negative_allowed", description="Whether a refund may take the balance below zero."
    )
    tiers: Tiers = Field(description="Its tiers.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not self.earn and self.tiers.metric == "points_earned":
            yield ("tiers", "metric"), "points_earned needs earn: rules that give points"

    def definition(self, name: str, currency: str, identity: str = "") -> ProgrammeDefinition:
        """The programme as the core takes it."""
        tiers = self.tiers
        earn = (EarnRule(rule.on, rule.points, rule.per, tuple(sorted(set(rule.exclude)))) for rule in self.earn)
        return ProgrammeDefinition(
            name=name,
            identity=identity,
            earn=tuple(earn),
            metric=tiers.metric,
            levels=tiers.definitions(currency),
            window=tiers.window.rolling if tiers.window else None,
            term=tiers.term,
            grace=tiers.grace,
            downgrade=tiers.downgrade,
            refunds=self.refunds,
        )
