"""Conditions on the order of events."""

from collections.abc import Iterator
from itertools import product
from typing import ClassVar

from pydantic import Field

from pipeline.config.duration import PositiveDuration
from pipeline.config.entry import Entry, Reading
from pipeline.config.operator import PropertyPath
from pipeline.config.problem import Place
from pipeline.config.selection import Selecting
from pipeline.config.source import Block
from pipeline.domain.commerce.cart import CART_VIEWED, CHECKOUT_STARTED
from pipeline.domain.commerce.order import ORDER_EVENTS
from pipeline.domain.definition import All, AnyOf, Condition, Not
from pipeline.domain.definition import Sequence as Meaning
from pipeline.domain.definition import Step as MeaningStep

# So that what an event may be is few numbers in the record, and looking at them quick.
MAX_STEPS = 8

# Standard events that tell of products in a list, and what they tell of each.
_LISTING = ORDER_EVENTS | {CART_VIEWED, CHECKOUT_STARTED}
_LISTED = ("product_id", "sku", "variant", "name", "price", "quantity", "category", "brand")


class Step(Selecting):
    """One event of a sequence."""

    key_noun: ClassVar[str] = "key"

    absent: bool = Field(
        False, strict=True, description="It did not happen within the span; the last step only.", examples=[True]
    )


class Sequence(Entry):
    """Events in order, each later than the one before and within the span from the first; others may stand between.
    True from the last step on, for ever. If the last step is `absent`: true once the span is over without it."""

    steps: tuple[Step, ...] = Field(
        min_length=1,
        max_length=MAX_STEPS,
        description=f"The events, in order; from 2 to {MAX_STEPS}.",
        json_schema_extra={"minItems": 2},
    )
    within: PositiveDuration = Field(
        description="Span from the first step in which the others come; its end is inside.", examples=["1d"]
    )
    same: tuple[PropertyPath, ...] = Field(
        (),
        description="Properties that are equal in all steps; an event that lacks one is no step.",
        examples=[["product_id"]],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if len(self.steps) < 2:
            yield ("steps",), "needs at least 2, of one event say count"
        for number, step in enumerate(self.steps[:-1]):
            if step.absent:
                yield ("steps", number, "absent"), "only the last step may be absent"

    def condition(self) -> Meaning:
        steps = tuple(MeaningStep(step.selection(), step.absent) for step in self.steps)
        return Meaning(steps, self.within, tuple(sorted(set(self.same))))


def listed_properties(condition: Condition) -> Iterator[tuple[str, str]]:
    """(event, property) where a sequence wants equal in all steps what a standard event has only of its products."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from listed_properties(part)
        case Not(of):
            yield from listed_properties(of)
        case Meaning():
            paths = [".".join(path) for path in condition.same]
            events = dict.fromkeys(event for step in condition.steps for event in step.selection.events)
            yield from product((one for one in events if one in _LISTING), (one for one in paths if one in _LISTED))
