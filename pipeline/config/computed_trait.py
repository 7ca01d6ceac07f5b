"""Computed traits: numbers and values that the topology has worked out of a shopper's events and orders."""

from collections.abc import Iterator
from typing import ClassVar, Literal

from pydantic import Field

from pipeline.config.entry import Entry, Reading
from pipeline.config.operator import PropertyPath, Tests
from pipeline.config.problem import Place
from pipeline.config.rule_name import RuleName
from pipeline.config.selection import Selecting
from pipeline.config.source import Block
from pipeline.config.window import Window
from pipeline.domain.derived_definition import Computed, TraitDefinition

FUNCTIONS = ("count", "sum", "min", "max", "avg", "distinct", "first", "last", "most_frequent", "orders", "spend")
_WITHIN = "A window: the latest so long, a calendar period, or since an event; left out = all the time."


class CountTrait(Selecting):
    """Number of matching events."""

    within: Window | None = Field(None, description=_WITHIN, examples=["30d"])


class ValueTrait(Selecting):
    """Of the values of a property of matching events."""

    property: PropertyPath = Field(description="Whose values are taken.", examples=["category"])
    within: Window | None = Field(None, description=_WITHIN, examples=["90d"])


class EdgeTrait(Selecting):
    """A property of the first or latest matching event, by event time."""

    property: PropertyPath = Field(description="What is taken; `$time` is the event's own time.", examples=["category"])


class OrderTrait(Entry):
    """Of completed, not cancelled orders."""

    within: Window | None = Field(None, description=_WITHIN, examples=["90d"])


class ComputedTrait(Entry):
    """A trait with exactly one function; its changes go to `trait-changes`. Texts are at most 200 characters long,
    objects are no values."""

    title: str = Field("", description="What people call it; changes nothing.")
    emit: Literal["changes", "daily"] = Field(
        "changes",
        description="A line for each change at its instant; or at most one a day, when the shop's day ends, of the"
        " value that stands then.",
    )
    count: CountTrait | None = Field(None, description="Number of matching events.", examples=[{"of": "Searched"}])
    sum: ValueTrait | None = Field(None, description="Sum of a property; 0 of nothing.")
    min: ValueTrait | None = Field(None, description="Least value; null of nothing.")
    max: ValueTrait | None = Field(None, description="Greatest value; null of nothing.")
    avg: ValueTrait | None = Field(None, description="Average, to six decimal places; null of nothing.")
    distinct: ValueTrait | None = Field(None, description="Number of different values; 1000 are told apart at most.")
    first: EdgeTrait | None = Field(None, description="A property of the first matching event.")
    last: EdgeTrait | None = Field(None, description="A property of the latest matching event.")
    most_frequent: ValueTrait | None = Field(
        None,
        description="The value seen most often, of equals the latest seen. 1000 values of a shopper are kept at most.",
        examples=[{"of": "Product Viewed", "property": "category", "within": "90d"}],
    )
    orders: OrderTrait | None = Field(None, description="Number of completed, not cancelled orders.")
    spend: OrderTrait | None = Field(None, description="Their value net of refunds, as money.")

    key_noun: ClassVar[str] = "key or function"

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        named = [key for key in given if key in FUNCTIONS]
        if len(named) > 1:
            yield (), f"a trait has exactly one function, this has {' and '.join(named)}"
        if not named:
            yield (), "needs a function, as count, last, most_frequent, orders, spend"

    def definition(self, name: str) -> TraitDefinition:
        """The trait as the core takes it."""
        function = next(key for key in FUNCTIONS if getattr(self, key) is not None)
        entry: CountTrait | ValueTrait | EdgeTrait | OrderTrait = getattr(self, function)
        return TraitDefinition(
            name=name,
            function=function,
            selection=entry.selection() if isinstance(entry, Selecting) else None,
            property=entry.property if isinstance(entry, (ValueTrait, EdgeTrait)) else None,
            within=None if isinstance(entry, EdgeTrait) else entry.within,
            emit=self.emit,
        )


class ComputedTests(Tests):
    """A computed trait of this file. Money is a number in the shop's currency; a trait of no value is missing."""

    key_noun: ClassVar[str] = "key or operator"

    name: RuleName = Field(description="Name of the trait.", examples=["lifetime_value"])

    def condition(self) -> Computed:
        return Computed(self.name, self.tests())
