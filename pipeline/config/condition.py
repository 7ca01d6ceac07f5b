"""Conditions: what segments and abandonment rules ask of a shopper."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from pipeline.config.aggregate import (
    AverageOrder,
    CartTests,
    Count,
    Distinct,
    Latest,
    Measure,
    OrderCount,
    Spend,
    TraitTests,
)
from pipeline.config.computed_trait import ComputedTests
from pipeline.config.consent import ConsentTests
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.rfm import RfmTests
from pipeline.config.rule_name import RuleName
from pipeline.config.sequence import Sequence
from pipeline.config.source import Block
from pipeline.config.standing import PointsTests, TierTests
from pipeline.domain.definition import All, AnyOf, Member, Not
from pipeline.domain.definition import Condition as Meaning
from pipeline.domain.derived_definition import Stage


class Condition(Entry):
    """A mapping with exactly one of these keys."""

    key_noun: ClassVar[str] = "condition"
    all: "tuple[Condition, ...] | None" = Field(None, min_length=1, description="All of these hold.")
    any: "tuple[Condition, ...] | None" = Field(None, min_length=1, description="At least one of these holds.")
    not_: "Condition | None" = Field(None, alias="not", description="This does not hold.")
    count: Count | None = Field(
        None,
        description="Number of matching events.",
        examples=[{"of": "Product Viewed", "at_least": 5, "within": "1h"}],
    )
    sum: Measure | None = Field(
        None,
        description="Sum of a property; 0 of nothing.",
        examples=[{"of": "Order Completed", "property": "total", "within": "90d", "at_least": 200}],
    )
    min: Measure | None = Field(None, description="Least value of a property; of nothing, no operator holds.")
    max: Measure | None = Field(None, description="Greatest value of a property; of nothing, no operator holds.")
    avg: Measure | None = Field(None, description="Average of a property; of nothing, no operator holds.")
    distinct: Distinct | None = Field(
        None,
        description="Number of different values of a property.",
        examples=[{"of": "Product Viewed", "property": "category", "within": "7d", "at_least": 3}],
    )
    first: Latest | None = Field(
        None,
        description="A property of the first matching event.",
        examples=[{"of": "*", "property": "$time", "within": "30d"}],
    )
    last: Latest | None = Field(
        None,
        description="A property of the latest matching event.",
        examples=[{"of": "Product Viewed", "property": "category", "is": "Shoes"}],
    )
    sequence: Sequence | None = Field(
        None,
        description="Events in order, within a span from the first.",
        examples=[{"steps": [{"of": "Product Viewed"}, {"of": "Product Added"}], "within": "1d"}],
    )
    trait: TraitTests | None = Field(
        None, description="A trait from identify calls.", examples=[{"name": "address.country", "is": "DE"}]
    )
    orders: OrderCount | None = Field(
        None,
        description="Number of completed, not cancelled orders.",
        examples=[{"within": "30d", "at_least": 1}],
    )
    spend: Spend | None = Field(
        None,
        description="Value of orders net of refunds, in the shop's currency.",
        examples=[{"within": "365d", "at_least": 500}],
    )
    average_order: AverageOrder | None = Field(
        None, description="Value of orders on average, net of refunds.", examples=[{"within": "365d", "at_least": 80}]
    )
    cart: CartTests | None = Field(None, description="The open cart now.", examples=[{"value": {"at_least": 100}}])
    rfm: RfmTests | None = Field(
        None,
        description="Scores by the thresholds of `rfm:`.",
        examples=[{"recency": [4, 5], "frequency": [4, 5], "monetary": [4, 5]}],
    )
    stage: tuple[RuleName, ...] | None = Field(
        None, min_length=1, description="The stage of `journey:` is one of these.", examples=[["at_risk", "lapsed"]]
    )
    computed: ComputedTests | None = Field(
        None, description="A trait of `traits:`.", examples=[{"name": "lifetime_value", "at_least": 500}]
    )
    tier: TierTests | None = Field(
        None, description="The tier of a loyalty programme.", examples=[{"programme": "club", "is": "gold"}]
    )
    points: PointsTests | None = Field(
        None, description="The points of a loyalty programme.", examples=[{"programme": "club", "at_least": 100}]
    )
    consent: ConsentTests | None = Field(
        None,
        description="What was said of consent.",
        examples=[{"channel": "email", "purpose": "marketing", "is": "granted"}],
    )
    in_: str | None = Field(None, alias="in", description="Member of that segment.", examples=["engaged"])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if len(given) > 1:
            yield (), f"a condition has exactly one key, this has {' and '.join(given)}; join them with all: or any:"
        if not given:
            yield (), "needs a condition, as count, orders, trait, all, not"

    def meaning(self) -> Meaning:
        """The condition as the core takes it."""
        if self.all is not None:
            return All(tuple(each.meaning() for each in self.all))
        if self.any is not None:
            return AnyOf(tuple(each.meaning() for each in self.any))
        if self.not_ is not None:
            return Not(self.not_.meaning())
        if self.in_ is not None:
            return Member(self.in_)
        if self.stage is not None:
            return Stage(tuple(sorted(set(self.stage))))
        for simple in (
            self.count,
            self.distinct,
            self.sequence,
            self.trait,
            self.orders,
            self.spend,
            self.average_order,
            self.cart,
            self.rfm,
            self.computed,
            self.tier,
            self.points,
            self.consent,
        ):
            if simple is not None:
                return simple.condition()
        for function in ("sum", "min", "max", "avg", "first", "last"):
            if (entry := getattr(self, function)) is not None:
                return entry.condition(function)  # type: ignore[no-any-return]
        return All(())  # without a key, which `mistakes` tells
