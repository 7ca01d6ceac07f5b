"""What earns points in a loyalty programme."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from pipeline.config.entry import NOT_YET, Entry
from pipeline.config.quantity import PositiveMicro, PositiveMoney

ORDER_COMPLETED = "Order Completed"


def _earning_event(value: Any) -> Any:
    if value != ORDER_COMPLETED:
        raise ValueError(f"earning on {value!r} is {NOT_YET}, only on {ORDER_COMPLETED}")
    return value


class Earn(Entry):
    """Points for each completed order."""

    later_keys: ClassVar[tuple[str, ...]] = ("limit", "trait", "also")

    on: Annotated[Literal["Order Completed"], BeforeValidator(_earning_event)] = Field(
        description="The event that earns.", examples=["Order Completed"]
    )
    points: PositiveMicro = Field(description="Points for each `per` of the order.", examples=[1])
    per: PositiveMoney = Field(description="Amount that earns `points`, in the shop's currency.", examples=[1.00])
    exclude: tuple[Literal["shipping", "tax", "gift_cards"], ...] = Field(
        (), description="Parts of an order that earn nothing.", examples=[["shipping", "tax", "gift_cards"]]
    )
