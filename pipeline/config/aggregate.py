"""Conditions on aggregates: of events, and of orders."""

from collections.abc import Iterator
from typing import ClassVar

from pydantic import Field

from pipeline.config.bound import Bounds
from pipeline.config.entry import Entry, Reading
from pipeline.config.operator import PropertyPath, Tests
from pipeline.config.problem import Place
from pipeline.config.quantity import Micro, Money, Whole
from pipeline.config.selection import Filters, Selecting, filters
from pipeline.config.source import Block
from pipeline.config.window import Window
from pipeline.domain.definition import Aggregate, Bound, CartNow, Edge, Purchases, Trait
from pipeline.domain.segments.window import LIMIT

_WITHIN = "A window: the latest so long, a calendar period, or since an event; left out = all the time."


def _too_many(bounds: tuple[Bound, ...]) -> Iterator[tuple[Place, str]]:
    """A window remembers no more than LIMIT: a bound beyond it would never see more."""
    for bound in bounds:
        if max(bound.values) >= LIMIT:
            yield (), f"{bound.op} {max(bound.values)} is more than is remembered, stay below {LIMIT}"


class Count(Selecting, Bounds[Whole]):
    """Number of matching events."""

    key_noun: ClassVar[str] = "key or operator"
    floor: ClassVar[int | None] = 0

    within: Window | None = Field(None, description=_WITHIN, examples=["1h"])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        yield from super().mistakes(given, reading)
        if self.within is not None:
            yield from _too_many(self.bounds())

    def condition(self) -> Aggregate:
        return Aggregate("count", self.selection(), self.bounds(), self.within)


class Distinct(Selecting, Bounds[Whole]):
    """Number of different values of a property of matching events."""

    key_noun: ClassVar[str] = "key or operator"
    floor: ClassVar[int | None] = 0

    property: PropertyPath = Field(description="Whose values are counted.", examples=["product_id"])
    within: Window | None = Field(None, description=_WITHIN, examples=["7d"])

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        yield from super().mistakes(given, reading)
        yield from _too_many(self.bounds())

    def condition(self) -> Aggregate:
        return Aggregate("distinct", self.selection(), self.bounds(), self.within, self.property)


class Measure(Selecting, Bounds[Micro]):
    """Sum, least, greatest or average of a numeric property of matching events."""

    key_noun: ClassVar[str] = "key or operator"

    property: PropertyPath = Field(description="Whose values are taken; those that are no number are skipped.")
    within: Window | None = Field(None, description=_WITHIN, examples=["7d"])

    def condition(self, function: str) -> Aggregate:
        return Aggregate(function, self.selection(), self.bounds(), self.within, self.property)


class Latest(Selecting, Tests):
    """A property of the first or latest matching event, by event time."""

    key_noun: ClassVar[str] = "key or operator"

    property: PropertyPath = Field(
        description="What is looked at; `$time` is the event's own time.", examples=["$time"]
    )

    def condition(self, function: str) -> Edge:
        return Edge(function, self.selection(), self.property, self.tests())


class TraitTests(Tests):
    """A profile trait, as identify calls set it."""

    key_noun: ClassVar[str] = "key or operator"

    name: PropertyPath = Field(description="Path of the trait.", examples=["address.country"])

    def condition(self) -> Trait:
        return Trait(self.name, self.tests())


class OrderCount(Bounds[Whole]):
    """Number of completed, not cancelled orders."""

    key_noun: ClassVar[str] = "key or operator"
    floor: ClassVar[int | None] = 0

    within: Window | None = Field(None, description=_WITHIN, examples=["30d"])

    def condition(self) -> Purchases:
        return Purchases("orders", self.bounds(), self.within)


class Spend(Bounds[Money]):
    """Value of completed, not cancelled orders, net of refunds, in the shop's currency."""

    key_noun: ClassVar[str] = "key or operator"
    floor: ClassVar[int | None] = 0

    within: Window | None = Field(None, description=_WITHIN, examples=["365d"])

    def condition(self) -> Purchases:
        return Purchases("spend", self.bounds(), self.within)


class AverageOrder(Bounds[Money]):
    """Value of an order on average, net of refunds, of completed, not cancelled ones; of none no bound holds."""

    key_noun: ClassVar[str] = "key or operator"
    floor: ClassVar[int | None] = 0

    within: Window | None = Field(None, description=_WITHIN, examples=["365d"])

    def condition(self) -> Purchases:
        return Purchases("average_order", self.bounds(), self.within)


class CartValue(Bounds[Money]):
    """Value of the open cart in the shop's currency."""

    floor: ClassVar[int | None] = 0


class CartPieces(Bounds[Whole]):
    """Number of pieces in the open cart."""

    floor: ClassVar[int | None] = 0


# What is kept of a cart line; a filter on anything else could never hold.
LINE_PROPERTIES = ("product_id", "variant", "sku", "name", "quantity", "price")


class CartTests(Entry):
    """The open cart now; several keys must all hold."""

    value: CartValue | None = Field(None, description="Its value.", examples=[{"at_least": 100}])
    items: CartPieces | None = Field(None, description="Its pieces.", examples=[{"at_least": 3}])
    contains: Filters = Field(
        {}, description=f"One of its lines has this: {', '.join(LINE_PROPERTIES)}.", examples=[{"product_id": "A-1"}]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not (self.value or self.items or self.contains):
            yield (), "needs value, items or contains"
        for path in self.contains:
            if path not in LINE_PROPERTIES:
                yield ("contains", path), f"a cart line has no {path}, only {', '.join(LINE_PROPERTIES)}"

    def condition(self) -> CartNow:
        return CartNow(
            self.value.bounds() if self.value else (),
            self.items.bounds() if self.items else (),
            filters(self.contains),
        )
