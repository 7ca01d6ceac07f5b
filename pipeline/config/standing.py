"""Conditions on a shopper's standing in a loyalty programme."""

from collections.abc import Iterator
from typing import Any, ClassVar

from pydantic import Field

from pipeline.config.bound import Bounds
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import Whole
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.definition import Test
from pipeline.domain.standing_definition import Points, Tier

_OPERATORS = ("is", "is_not", "in", "not_in", "exists")


class TierTests(Entry):
    """The tier that a shopper holds in a loyalty programme; one who has not joined holds none."""

    key_noun: ClassVar[str] = "key or operator"

    programme: RuleName = Field(description="Name of the programme.", examples=["club"])
    is_: str | None = Field(None, alias="is", description="This tier.", examples=["gold"])
    is_not: str | None = Field(None, description="Another tier, or none.", examples=["bronze"])
    in_: tuple[str, ...] | None = Field(
        None, alias="in", min_length=1, description="One of these.", examples=[["silver", "gold"]]
    )
    not_in: tuple[str, ...] | None = Field(
        None, min_length=1, description="Another one, or none.", examples=[["silver", "gold"]]
    )
    exists: bool | None = Field(None, strict=True, description="Joined, or not.", examples=[True])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not self.condition().tests:
            yield (), "needs an operator, as is: gold"

    def condition(self) -> Tier:
        found = []
        for op in _OPERATORS:
            value: Any = getattr(self, f"{op}_" if op in ("is", "in") else op)
            if value is not None:
                found.append(Test(op, value))
        return Tier(self.programme, tuple(found))


class PointsTests(Bounds[Whole]):
    """The balance of points in a loyalty programme; 0 of a shopper who has not joined. It may be below zero."""

    key_noun: ClassVar[str] = "key or operator"

    programme: RuleName = Field(description="Name of the programme.", examples=["club"])

    def condition(self) -> Points:
        return Points(self.programme, self.bounds())
