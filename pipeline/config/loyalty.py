"""Loyalty programmes: points for orders, and the tiers that they lead to."""

from collections.abc import Iterator, Mapping
from typing import Literal

from pydantic import Field

from pipeline.config.duration import PositiveDuration, format_duration
from pipeline.config.earn import Earn, confusions
from pipeline.config.entry import Entry, Reading
from pipeline.config.expiry import Expire
from pipeline.config.problem import Place
from pipeline.config.review import Review
from pipeline.config.reward import Reward
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.config.tiers import Tiers
from pipeline.domain.loyalty_definition import ProgrammeDefinition


class Programme(Entry):
    """A loyalty programme. Shoppers join it with their first event that it takes."""

    title: str = Field("", description="What people call it; changes nothing.")
    earn: tuple[Earn, ...] = Field((), description="What earns points.")
    confirm_after: PositiveDuration | None = Field(
        None,
        description="Points of an order stay pending so long after it, as while it may be returned. Left out: they are"
        " confirmed at once.",
        examples=["14d"],
    )
    expire: Expire | None = Field(
        None,
        description="When points expire. Left out: never.",
        examples=[{"after": "365d", "at": "end_of_month", "notices": ["30d", "7d"]}],
    )
    refunds: Literal["negative_allowed", "floor_zero"] = Field(
        "negative_allowed",
        description="What a refund of points that are spent comes to: a balance below zero, which what is earned later"
        " pays, or nothing below zero.",
    )
    evidence: bool = Field(
        False,
        strict=True,
        description="Whether entries of orders say which rules gave their points, and at which rate another currency"
        " was taken. Those of bonuses always say the rule.",
    )
    review: Review | None = Field(None, description="Signs of fraud, on which points are held. Left out: none are.")
    rewards: dict[RuleName, Reward] = Field(
        default={},
        description="What points are spent on, by name. Without any, `Points Redeemed` may name what it likes.",
        examples=[{"voucher-5": {"cost": 500, "limit": 1}}],
    )
    tiers: Tiers = Field(description="Its tiers.")
    definition_change: Literal["silent", "loud"] = Field(
        "silent",
        description="Whether a changed topology tells aloud which tier each member moves to; `silent` lines are there"
        " as well, but ask for no message.",
        examples=["loud"],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for place, message in confusions(self.earn):
            yield ("earn", *place), message
        if not self.earn and self.tiers.metric in ("points_earned", "points_active"):
            yield ("tiers", "metric"), f"{self.tiers.metric} needs earn: rules that give points"
        levels = [level.name for level in self.tiers.levels]
        for reward, entry in self.rewards.items():
            if entry.tier is not None and entry.tier not in levels:
                yield ("rewards", reward, "tier"), f"there is no level {entry.tier}, there are {', '.join(levels)}"
        hold, expire = self.confirm_after, self.expire
        if hold is not None and expire is not None and expire.after is not None and hold >= expire.length():
            yield ("confirm_after",), f"points would expire before they are confirmed, {format_duration(hold)} after"

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
            calendar=(tiers.window.calendar or "") if tiers.window else "",
            anniversary=(tiers.window.anniversary or "") if tiers.window else "",
            notices=tuple(sorted(set(tiers.notices), reverse=True)),
            on_refund=tiers.on_refund,
            loud=self.definition_change == "loud",
            term=tiers.term,
            grace=tiers.grace,
            downgrade=tiers.downgrade,
            refunds=self.refunds,
            confirm_after=self.confirm_after,
            expire=self.expire.definition() if self.expire is not None else None,
            rewards=tuple(entry.definition(reward) for reward, entry in sorted(self.rewards.items())),
            review=self.review.definition() if self.review is not None else None,
            evidence=self.evidence,
        )


def referral_mistakes(programmes: Mapping[str, Programme]) -> Iterator[tuple[Place, str]]:
    """Events of which two rules find the one who referred in different properties: intake tells one."""
    known: dict[str, tuple[str, ...]] = {}
    for name, programme in programmes.items():
        for index, rule in enumerate(programme.earn):
            if rule.also is not None and known.setdefault(rule.on, rule.also) != rule.also:
                other = ".".join(known[rule.on])
                yield ("loyalty", name, "earn", index, "also"), f"another rule on {rule.on} says {other}, name the same"
