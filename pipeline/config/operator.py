"""Operators on properties and traits, and the filters made of them."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated, Any, ClassVar

import re2
from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, PlainValidator, ValidationInfo, WithJsonSchema
from pydantic_core import CoreSchema

from pipeline.config.bound import contradiction
from pipeline.config.duration import Duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.quantity import Micro, parse_micro
from pipeline.config.source import Block
from pipeline.domain.definition import OPERATORS, Bound, Filter, Number, Path, Scalar, Test
from pipeline.domain.value.instant import parse_instant
from pipeline.domain.value.month import NOW
from pipeline.domain.value.number import MICRO

# RE2 matches in linear time; the limits keep a pattern's automaton, and so its memory, small.
MAX_PATTERN = 512
PATTERN_MEMORY = 1 << 20

_ORDERED = ("at_least", "more_than", "at_most", "less_than", "between")


def parse_path(value: Any) -> Path:
    """A property path, `products.category`. Raises ValueError."""
    if not isinstance(value, str) or not value or any(not step for step in value.split(".")):
        raise ValueError(f"{value!r} is no property path, write names with points between, as products.category")
    return tuple(value.split("."))


def parse_scalar(value: Any) -> Scalar:
    """A text, number or boolean to compare with. Raises ValueError."""
    if value is None:
        raise ValueError("null is never there, say exists: false")
    if isinstance(value, (bool, str)):
        return value
    if isinstance(value, int):
        return Number(value * MICRO)  # of any size: article numbers have 13 digits and more
    if isinstance(value, Decimal):
        return Number(parse_micro(value))
    raise ValueError("should be one text, number or true/false" + _list_hint(value))


def _list_hint(value: Any) -> str:
    return ", for several say in: [..]" if isinstance(value, list) else ""


def parse_pattern(value: Any) -> str:
    """A regular expression of RE2 syntax. Raises ValueError."""
    if not isinstance(value, str) or not value:
        raise ValueError("should be a regular expression")
    if len(value) > MAX_PATTERN:
        raise ValueError(f"is a pattern of {len(value)} characters, the limit is {MAX_PATTERN}")
    options = re2.Options()
    options.max_mem = PATTERN_MEMORY
    options.log_errors = False
    try:
        re2.compile(value, options)
    except re2.error as error:
        reason = error.args[0].decode() if isinstance(error.args[0], bytes) else error
        raise ValueError(f"is no RE2 pattern: {reason}") from None
    return value


def parse_date(value: Any) -> int:
    """An instant, ms. Raises ValueError."""
    instant = parse_instant(int(value) if isinstance(value, Decimal) else value)
    if instant is None:
        raise ValueError(f"{value!r} is no date, write 2026-01-31 or 2026-01-31T10:00:00Z")
    return instant


def parse_month(value: Any, info: ValidationInfo) -> tuple[str | int, ...]:
    """The shop's zone, then months in order of the year, or `now`. Raises ValueError."""
    zone = info.context.timezone if isinstance(info.context, Reading) else "UTC"
    if value == NOW:
        return (zone, NOW)
    months = value if isinstance(value, list) else [value]
    if not months or not all(type(month) is int and 1 <= month <= 12 for month in months):
        raise ValueError("should be now, a month from 1 to 12, or a list of months")
    return (zone, *sorted(set(months)))


_SCALAR_SCHEMA = {"type": ["string", "number", "boolean"]}
_SHORT_SCHEMAS: list[Any] = [_SCALAR_SCHEMA, {"type": "array", "items": _SCALAR_SCHEMA, "minItems": 1}]
Comparand = Annotated[Any, PlainValidator(parse_scalar), WithJsonSchema({**_SCALAR_SCHEMA, "title": "value"})]
PropertyPath = Annotated[
    tuple[str, ...], PlainValidator(parse_path), WithJsonSchema({"type": "string", "title": "property path"})
]
Pattern = Annotated[str, BeforeValidator(parse_pattern), WithJsonSchema({"type": "string", "title": "pattern (RE2)"})]
Date = Annotated[
    int, PlainValidator(parse_date), WithJsonSchema({"type": ["string", "number"], "title": "date (RFC 3339 or epoch)"})
]
_MONTH_SCHEMA = {"type": "integer", "minimum": 1, "maximum": 12}
Months = Annotated[
    tuple[str | int, ...],
    PlainValidator(parse_month),
    WithJsonSchema(
        {
            "anyOf": [{"const": NOW}, _MONTH_SCHEMA, {"type": "array", "items": _MONTH_SCHEMA, "minItems": 1}],
            "title": "now, month or list of months",
        }
    ),
]


class Tests(Entry):
    """Operators on one value; all of them must hold."""

    key_noun: ClassVar[str] = "operator"

    is_: Comparand = Field(None, alias="is", description="Equal; of an array, any element.", examples=["DE"])
    is_not: Comparand = Field(None, description="Not equal; of an array, no element.", examples=["DE"])
    in_: tuple[Comparand, ...] | None = Field(
        None, alias="in", min_length=1, description="Equal to one of these.", examples=[["DE", "AT"]]
    )
    not_in: tuple[Comparand, ...] | None = Field(
        None, min_length=1, description="Equal to none of these.", examples=[["DE", "AT"]]
    )
    at_least: Micro | None = Field(None, description="A number, this or more.", examples=[100])
    more_than: Micro | None = Field(None, description="A number, more than this.", examples=[100])
    at_most: Micro | None = Field(None, description="A number, this or less.", examples=[100])
    less_than: Micro | None = Field(None, description="A number, less than this.", examples=[100])
    between: tuple[Micro, Micro] | None = Field(
        None, description="A number from .. to, both included.", examples=[[10, 20]]
    )
    contains: Comparand = Field(None, description="A text with this in it; an array with this element.")
    starts_with: str | None = Field(None, min_length=1, description="A text that begins so, case counts.")
    ends_with: str | None = Field(None, min_length=1, description="A text that ends so, case counts.")
    matches: Pattern | None = Field(
        None, description="A text in which this regular expression is found; RE2 syntax.", examples=["^SKU-[0-9]+$"]
    )
    exists: bool | None = Field(None, strict=True, description="There and not null, or not.", examples=[True])
    before: Date | None = Field(None, description="A date earlier than this.", examples=["2026-01-31"])
    after: Date | None = Field(None, description="A date later than this.", examples=["2026-01-31"])
    within: Duration | None = Field(None, description="A date not longer ago than this.", examples=["30d"])
    month: Months | None = Field(
        None,
        description="A date of any year in one of these months (1 to 12), or in the month that is `now` in the"
        " shop's zone. The year may be missing (--05-17).",
        examples=[[11, 12]],
    )

    def tests(self) -> tuple[Test, ...]:
        """The tests as the core takes them, in a fixed order whatever the order of keys."""
        found = []
        for op in OPERATORS:
            value: Any = getattr(self, f"{op}_" if op in ("is", "in") else op)
            if value is None:
                continue
            if op == "between":
                value = (Number(value[0]), Number(value[1]))
            elif op in _ORDERED:
                value = Number(value)
            found.append(Test(op, value))
        return tuple(found)

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if not self.tests():
            yield (), "needs an operator, as is: DE"
        bounds = [Bound(op, value if isinstance(value, tuple) else (value,)) for op, value in self._numbers()]
        if problem := contradiction(tuple(bounds), given, None):
            yield (), problem
        if self.after is not None and self.before is not None and self.after >= self.before:
            yield (), f"after {given.get('after')} and before {given.get('before')} leave no date between"

    def _numbers(self) -> Iterator[tuple[str, Any]]:
        for op in _ORDERED:
            if (value := getattr(self, op)) is not None:
                yield op, value


class FilterTests(Tests):
    """What a property must be: operators, or `all_of` with operators that every element of an array must pass."""

    all_of: "Tests | None" = Field(
        None,
        description="Every element of the array, which is not empty.",
        examples=["Shoes"],
        json_schema_extra=lambda schema: schema["anyOf"].extend(_SHORT_SCHEMAS),  # type: ignore[union-attr]
    )

    @classmethod
    def written(cls, value: Any) -> Any:
        """`DE` is short for `{is: DE}` and `[DE, AT]` for `{in: [DE, AT]}`."""
        if value is None:
            raise ValueError("has no value; to look for what is missing say exists: false")
        if isinstance(value, Block):
            if "all_of" in value and not isinstance(value["all_of"], Block):
                return _block(value, {**value, "all_of": cls.written(value["all_of"])})
            return value
        return _block(value, {"in" if isinstance(value, list) else "is": value})

    @classmethod
    def __get_pydantic_json_schema__(cls, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {"anyOf": [*_SHORT_SCHEMAS, handler(schema)]}

    def filters(self, path: Path) -> tuple[Filter, ...]:
        every = (Filter(path, self.all_of.tests(), every=True),) if self.all_of else ()
        return ((Filter(path, self.tests()),) if self.tests() else ()) + every

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if self.tests() or not self.all_of:
            yield from super().mistakes(given, reading)


def _block(value: Any, keys: dict[str, Any]) -> Block:
    block = Block(keys)
    block.place = getattr(value, "place", ())
    return block
