"""The tiers of a loyalty programme."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from pipeline.config.duration import CalendarSpan, PositiveDuration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import PositiveMicro, parse_decimal, parse_whole, to_minor
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.intake.alias import Aliases
from pipeline.domain.loyalty_definition import Level as LevelDefinition
from pipeline.domain.loyalty_definition import Span
from pipeline.domain.value.number import MICRO


def _or_lifetime(value: Any) -> Any:
    if isinstance(value, str) and value != "lifetime":
        raise ValueError("should be lifetime, {rolling: 365d}, {calendar: year} or {anniversary: joined}")
    return None if value == "lifetime" else value


def _with_lifetime(schema: dict[str, Any]) -> None:
    schema["anyOf"].append({"const": "lifetime"})


def _threshold(value: Any) -> Decimal:
    number = parse_decimal(value)
    if number < 0:
        raise ValueError(f"{value} should not be negative")
    return number


# Points or money: which of them is known only to the block around, by its `metric`.
Threshold = Annotated[
    Decimal,
    PlainValidator(_threshold),
    WithJsonSchema({"type": "number", "minimum": 0, "title": "points or money"}),
]


class TierWindow(Entry):
    """Over which time the metric counts: one of these."""

    rolling: PositiveDuration | None = Field(None, description="The latest so long.", examples=["365d"])
    calendar: Literal["year", "quarter", "month"] | None = Field(
        None, description="What has passed of it in the shop's zone; then it begins anew.", examples=["year"]
    )
    anniversary: Literal["joined", "tier"] | None = Field(
        None,
        description="Years of the member, from joining or from the instant at which the tier was reached.",
        examples=["joined"],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if len(given) != 1:
            yield (), "a window is one of rolling, calendar and anniversary"


class Level(Entry):
    """A tier of the programme."""

    name: RuleName = Field(description="Its name in outputs.", examples=["silver"])
    from_: Threshold | None = Field(
        None,
        alias="from",
        description="Metric at which it is reached. Left out, with `granted_by`: it is only granted.",
        examples=[1000],
    )
    keep: Threshold | None = Field(
        None, description="Metric at which it is kept at a review. Left out: `from`.", examples=[800]
    )
    multiplier: PositiveMicro = Field(MICRO, description="Multiplies the points earned in it.", examples=[1.25])
    granted_by: str | None = Field(
        None,
        min_length=1,
        description="Event that grants it, as of a paid or an invited tier: until its property `until`, else until it"
        " is granted anew otherwise. Meanwhile the metric may lead higher, but not below it.",
        examples=["Membership Purchased"],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        name = self.granted_by
        if name is not None and (standard := Aliases(reading.aliases)[name]) != name:
            yield ("granted_by",), f"rules see standard names: {name} is an alias of {standard}, name that"


class Tiers(Entry):
    """The tiers of a programme, and how they are won and lost."""

    metric: Literal["points_earned", "points_active", "spend", "orders"] = Field(
        description="What is measured: points earned, points that are there to be spent, money spent net of refunds, or"
        " the number of orders that are not cancelled.",
        examples=["points_earned"],
    )
    window: Annotated[TierWindow | None, BeforeValidator(_or_lifetime)] = Field(
        None,
        description="Over which time: `lifetime`, which is the default, rolling, a calendar period or a year of the"
        " member. `points_active` has none.",
        examples=[{"rolling": "365d"}],
        json_schema_extra=_with_lifetime,
    )
    levels: tuple[Level, ...] = Field(min_length=1, description="From the lowest to the highest; the first from 0.")
    term: CalendarSpan | None = Field(
        None, description="A tier is reviewed so long after it was reached. Left out: at every instant.",
        examples=["365d"],
    )  # fmt: skip
    grace: CalendarSpan = Field(Span(), description="Time to make up for it after a failed review.", examples=["30d"])
    downgrade: Literal["one_level", "to_qualified"] = Field(
        "one_level", description="Where a lost tier leads: one level down, or to the level that the metric reaches."
    )
    notices: tuple[PositiveDuration, ...] = Field(
        (),
        description="Tell so long before a review, once each, of a tier that would be lost by then.",
        examples=[["60d", "30d", "7d"]],
    )
    on_refund: Literal["immediate", "at_review"] = Field(
        "immediate",
        description="When a tier is lost whose order is sent back: at once, or as any other.",
        examples=["at_review"],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for index, level in enumerate(self.levels):
            for key, value in (("from", level.from_), ("keep", level.keep)):
                try:
                    self._amount(value or Decimal(), reading.currency)
                except ValueError as error:
                    yield ("levels", index, key), str(error)
        yield from self._ladder()
        yield from self._times()

    def _times(self) -> Iterator[tuple[Place, str]]:
        if self.metric == "points_active" and self.window is not None:
            yield (
                ("window",),
                "points_active is the balance, which has no window: leave it out",
            )
        elif self.term is None and self.window is not None and self.window.anniversary == "tier":
            yield ("window",), "a year of the tier begins at 0: without a term the tier would be lost when won"
        if self.notices and self.term is None:
            yield ("notices",), "notices are given before a review, which needs a term"

    def _ladder(self) -> Iterator[tuple[Place, str]]:
        before: Level | None = None
        names: set[str] = set()
        grants: set[str] = set()
        for index, level in enumerate(self.levels):
            place: Place = ("levels", index)
            yield from self._rung(place, level, before)
            if level.name in names:
                yield (*place, "name"), f"{level.name} is the name of two levels"
            if level.granted_by in grants:
                yield (*place, "granted_by"), f"{level.granted_by} grants two levels"
            names.add(level.name)
            grants |= {level.granted_by} if level.granted_by else set()
            before = before if index and level.from_ is None else level

    def _rung(self, place: Place, level: Level, before: Level | None) -> Iterator[tuple[Place, str]]:
        """before: the level below that the metric leads to."""
        if before is None:
            if level.from_ != 0:
                yield (*place, "from"), f"the lowest level, {level.name}, begins from: 0"
            if level.granted_by:
                yield (*place, "granted_by"), f"the lowest level, {level.name}, is everyone's"
        elif level.from_ is None:
            if not level.granted_by:
                yield (*place, "from"), f"{level.name} has neither from nor granted_by, nobody would reach it"
        elif before.from_ is not None and level.from_ <= before.from_:
            yield (
                (*place, "from"),
                f"levels ascend: {level.name} from {level.from_} should be more than {before.name} from {before.from_}",
            )
        if level.keep is not None and level.from_ is not None and level.keep > level.from_:
            yield (*place, "keep"), f"keep {level.keep} is more than from {level.from_}, it would be lost when won"

    def definitions(self, currency: str) -> tuple[LevelDefinition, ...]:
        """The levels as the core takes them: points, or minor units of `currency`."""
        return tuple(
            LevelDefinition(
                name=level.name,
                start=self._bound(level.from_, currency),
                keep=self._bound(level.from_ if level.keep is None else level.keep, currency),
                multiplier=level.multiplier,
                granted_by=level.granted_by or "",
            )
            for level in self.levels
        )

    def _bound(self, value: Decimal | None, currency: str) -> int | None:
        return None if value is None else self._amount(value, currency)

    def _amount(self, value: Decimal, currency: str) -> int:
        return to_minor(value, currency) if self.metric == "spend" else parse_whole(value)
