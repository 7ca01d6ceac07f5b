"""The tiers of a loyalty programme."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field, PlainValidator, WithJsonSchema

from pipeline.config.duration import CalendarSpan, PositiveDuration
from pipeline.config.entry import NOT_YET, Entry, Reading, later
from pipeline.config.problem import Place
from pipeline.config.quantity import PositiveMicro, parse_decimal, parse_whole, to_minor
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.loyalty_definition import Level as LevelDefinition
from pipeline.domain.loyalty_definition import Span
from pipeline.domain.value.number import MICRO


def _rolling(value: Any) -> Any:
    if isinstance(value, str) and value != "lifetime":
        raise ValueError("should be lifetime or {rolling: 365d}")
    if isinstance(value, Block) and "rolling" not in value and ("calendar" in value or "anniversary" in value):
        raise ValueError(f"a window of {' and '.join(value)} is {NOT_YET}, say lifetime or {{rolling: 365d}}")
    return None if value == "lifetime" else value


def _or_lifetime(schema: dict[str, Any]) -> None:
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


class Rolling(Entry):
    """A window that slides."""

    later_keys: ClassVar[tuple[str, ...]] = ("calendar", "anniversary")

    rolling: PositiveDuration = Field(description="The latest so long.", examples=["365d"])


class Level(Entry):
    """A tier of the programme."""

    name: RuleName = Field(description="Its name in outputs.", examples=["silver"])
    from_: Threshold = Field(alias="from", description="Metric at which it is reached.", examples=[1000])
    keep: Threshold | None = Field(
        None, description="Metric at which it is kept at a review. Left out: `from`.", examples=[800]
    )
    multiplier: PositiveMicro = Field(MICRO, description="Multiplies the points earned in it.", examples=[1.25])


class Tiers(Entry):
    """The tiers of a programme, and how they are won and lost."""

    later_keys: ClassVar[tuple[str, ...]] = ("notices",)

    metric: Annotated[Literal["points_earned", "spend"], BeforeValidator(later("points_active", "orders"))] = Field(
        description="What is measured: points earned, or money spent net of refunds.", examples=["points_earned"]
    )
    window: Annotated[Rolling | None, BeforeValidator(_rolling)] = Field(
        None,
        description="Over which time: `lifetime`, which is the default, or rolling.",
        examples=[{"rolling": "365d"}],
        json_schema_extra=_or_lifetime,
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

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for index, level in enumerate(self.levels):
            for key, value in (("from", level.from_), ("keep", level.keep)):
                try:
                    self._amount(value or Decimal(), reading.currency)
                except ValueError as error:
                    yield ("levels", index, key), str(error)
        yield from self._ladder()

    def _ladder(self) -> Iterator[tuple[Place, str]]:
        before: Level | None = None
        names: set[str] = set()
        for index, level in enumerate(self.levels):
            place: Place = ("levels", index)
            if before is None and level.from_ != 0:
                yield (*place, "from"), f"the lowest level, {level.name}, begins from: 0"
            elif before is not None and level.from_ <= before.from_:
                yield (
                    (*place, "from"),
                    f"levels ascend: {level.name} from {level.from_} should be more than"
                    f" {before.name} from {before.from_}",
                )
            if level.keep is not None and level.keep > level.from_:
                yield (*place, "keep"), f"keep {level.keep} is more than from {level.from_}, it would be lost when won"
            if level.name in names:
                yield (*place, "name"), f"{level.name} is the name of two levels"
            names.add(level.name)
            before = level

    def definitions(self, currency: str) -> tuple[LevelDefinition, ...]:
        """The levels as the core takes them: points, or minor units of `currency`."""
        return tuple(
            LevelDefinition(
                name=level.name,
                start=self._amount(level.from_, currency),
                keep=self._amount(level.from_ if level.keep is None else level.keep, currency),
                multiplier=level.multiplier,
            )
            for level in self.levels
        )

    def _amount(self, value: Decimal, currency: str) -> int:
        return to_minor(value, currency) if self.metric == "spend" else parse_whole(value)
