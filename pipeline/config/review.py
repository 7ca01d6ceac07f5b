"""What a loyalty programme holds back until somebody has looked at it."""

from collections.abc import Iterator
from typing import Annotated

from pydantic import Field

from pipeline.config.earn import Limit
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import Whole
from pipeline.config.source import Block
from pipeline.domain.loyalty_definition import Review as ReviewDefinition


class Review(Entry):
    """Signs of fraud. Points that show one are held as `pending_review`, until `Points Review Released` or
    `Points Review Rejected` says what becomes of them."""

    points_per_day: Annotated[Whole, Field(ge=1)] | None = Field(
        None, description="Points within any 24 h; what would be more is held.", examples=[10_000]
    )
    refunds: Limit | None = Field(
        None,
        description="Refunds and cancellations; with more of them, what the shopper earns is held.",
        examples=[{"times": 3, "within": "30d"}],
    )
    referrals_per_device: Limit | None = Field(
        None,
        description="Friends that come with one device; what is given for more of them is held.",
        examples=[{"times": 1, "within": "90d"}],
    )
    referrals_per_address: Limit | None = Field(
        None,
        description="Friends that come from one network address; what is given for more of them is held.",
        examples=[{"times": 2, "within": "90d"}],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not self.model_fields_set:
            yield (), "needs at least one sign, or leave it out"

    def definition(self) -> ReviewDefinition:
        device, address = self.referrals_per_device, self.referrals_per_address
        return ReviewDefinition(
            points_per_day=self.points_per_day or 0,
            refunds=self.refunds.definition() if self.refunds is not None else None,
            referrals_per_device=device.definition() if device is not None else None,
            referrals_per_address=address.definition() if address is not None else None,
        )
