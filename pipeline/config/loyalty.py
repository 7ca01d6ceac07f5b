"""Loyalty programmes: points for orders, and the tiers that they lead to."""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Literal

from pydantic import Field

from pipeline.config.earn import Earn, confusions
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.review import Review
from pipeline.config.source import Block
from pipeline.config.tiers import Tiers
from pipeline.domain.loyalty_definition import ProgrammeDefinition


class Programme(Entry):
    """A loyalty programme. Shoppers join it with their first event that it takes."""

    later_keys: ClassVar[tuple[str, ...]] = ("confirm_after", "expire", "notices", "rewards")

    title: str = Field("", description="What people call it; changes nothing.")
    earn: tuple[Earn, ...] = Field((), description="What earns points.")
    refunds: Literal["negative_allowed", "floor_zero"] = Field(
        "negative_allowed", description="Whether a refund may take the balance below zero."
    )
    review: Review | None = Field(None, description="Signs of fraud, on which points are held. Left out: none are.")
    tiers: Tiers = Field(description="Its tiers.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for place, message in confusions(self.earn):
            yield ("earn", *place), message
        if not self.earn and self.tiers.metric == "points_earned":
            yield ("tiers", "metric"), "points_earned needs earn: rules that give points"

    def definition(self, name: str, currency: str, identity: str = "") -> ProgrammeDefinition:
        """The programme as the core takes it."""
        tiers = self.tiers
        return ProgrammeDefinition(
            name=name,
            identity=identity,
            earn=tuple(rule.definition() for rule in self.earn),
            metric=tiers.metric,
            levels=tiers.definitions(currency),
            window=tiers.window.rolling if tiers.window else None,
            term=tiers.term,
            grace=tiers.grace,
            downgrade=tiers.downgrade,
            refunds=self.refunds,
            review=self.review.definition() if self.review is not None else None,
        )


def referral_mistakes(programmes: Mapping[str, Programme]) -> Iterator[tuple[Place, str]]:
    """Events of which two rules find the one who referred in different properties: intake tells one."""
    known: dict[str, tuple[str, ...]] = {}
    for name, programme in programmes.items():
        for index, rule in enumerate(programme.earn):
            if rule.also is not None and known.setdefault(rule.on, rule.also) != rule.also:
                other = ".".join(known[rule.on])
                yield ("loyalty", name, "earn", index, "also"), f"another rule on {rule.on} says {other}, name the same"
