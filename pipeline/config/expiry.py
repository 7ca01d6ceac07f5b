"""When points of a loyalty programme expire."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from pipeline.config.duration import DURATION_SCHEMA, PositiveDuration, parse_span
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.loyalty_definition import ExpiryRule, Span
from pipeline.domain.value.instant import DAY

# A month has so many days at the least.
_MONTH = 28 * DAY


def _positive_span(value: Any) -> Span:
    span = parse_span(value)
    if span == Span():
        raise ValueError(f"should be longer than {value}")
    return span


def _at(value: Any) -> Any:
    if isinstance(value, str) and value in ("day", "month", "year"):
        raise ValueError(f"write end_of_{value}")
    return value


# With calendar arithmetic; zero refused.
PositiveSpan = Annotated[Span, PlainValidator(_positive_span), WithJsonSchema({**DURATION_SCHEMA, "title": "span"})]


class Expire(Entry):
    """When points are lost: each lot so long after its order or event, or the whole balance when nothing happens."""

    after: PositiveSpan | None = Field(
        None, description="A lot of points expires so long after its order or event.", examples=["365d", "P1Y"]
    )
    inactive: PositiveSpan | None = Field(
        None,
        description="The whole balance expires so long after the last order, bonus, confirmation or redemption; instead"
        " of `after`.",
        examples=["P12M"],
    )
    at: Annotated[Literal["end_of_day", "end_of_month", "end_of_year"] | None, BeforeValidator(_at)] = Field(
        None,
        description="Not before the end of that day, month or year in the shop's zone. Left out: at that instant.",
        examples=["end_of_month"],
    )
    notices: tuple[PositiveDuration, ...] = Field(
        (), description="How long before it an `expiring` line tells of it, once each.", examples=[["30d", "7d", "1d"]]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if (self.after is None) == (self.inactive is None):
            yield (), "needs either after: 365d, by lot, or inactive: P12M, of the whole balance"
        for index, notice in enumerate(self.notices):
            if notice >= self.length():
                yield ("notices", index), "a notice so long before points expire would come before they are there"

    def length(self) -> int:
        """How long points last, ms, at the least."""
        spans = [span.ms + span.months * _MONTH for span in (self.after, self.inactive) if span is not None]
        return min(spans, default=0)

    def definition(self) -> ExpiryRule:
        """The rule as the core takes it."""
        return ExpiryRule(
            after=self.after,
            inactive=self.inactive,
            at=self.at.removeprefix("end_of_") if self.at else "",
            notices=tuple(sorted(set(self.notices), reverse=True)),
        )
