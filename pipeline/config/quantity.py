"""Numbers of the topology: whole ones, decimals (millionths inside) and money (minor units inside)."""

from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, ValidationInfo, WithJsonSchema

from pipeline.config.entry import Reading
from pipeline.domain.value.money import exponent
from pipeline.domain.value.number import LIMIT, MICRO


def parse_decimal(value: Any) -> Decimal:
    """A finite decimal of sane size. Raises ValueError."""
    if isinstance(value, bool) or not isinstance(value, (int, Decimal)):
        raise ValueError(f"{value!r} is no number" + (", leave the quotes out" if _is_quoted_number(value) else ""))
    number = Decimal(value)
    if not -LIMIT <= number <= LIMIT:
        raise ValueError(f"{value} is too large, the limit is {LIMIT}")
    return number


def _is_quoted_number(value: Any) -> bool:
    return isinstance(value, str) and value.replace(".", "", 1).isdigit()


def _scaled(value: Any, digits: int, of: str) -> int:
    scaled = parse_decimal(value) * 10**digits
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than {digits} decimal places, {of} has no more")
    return int(scaled)


def parse_micro(value: Any) -> int:
    """A decimal in millionths. Raises ValueError for more than six decimal places."""
    return _scaled(value, 6, "a number here")


def parse_whole(value: Any) -> int:
    """A whole number, zero or more. Raises ValueError."""
    number = parse_decimal(value)
    if number != number.to_integral_value():
        raise ValueError(f"{value} should be a whole number")
    if number < 0:
        raise ValueError(f"{value} should not be negative")
    return int(number)


def parse_money(value: Any, info: ValidationInfo) -> int:
    """An amount in minor units of the shop's currency. Raises ValueError for digits that the currency lacks."""
    return to_minor(value, info.context.currency if isinstance(info.context, Reading) else "EUR")


def to_minor(value: Any, currency: str) -> int:
    """As `parse_money`, in a currency by name."""
    amount = _scaled(value, exponent(currency), currency)
    if amount < 0:
        raise ValueError(f"{value} should not be negative")
    return amount


def parse_positive_money(value: Any, info: ValidationInfo) -> int:
    amount = parse_money(value, info)
    if amount == 0:
        raise ValueError("should be more than 0")
    return amount


def parse_positive_micro(value: Any) -> int:
    micro = parse_micro(value)
    if micro <= 0:
        raise ValueError(f"{value} should be more than 0")
    return micro


def format_micro(micro: int) -> str:
    """Millionths as people write them: `1.25`."""
    return f"{(Decimal(micro) / MICRO).normalize():f}"


def format_money(minor: int, currency: str) -> str:
    """Minor units as people write them: `0.01 EUR`."""
    digits = exponent(currency)
    return f"{Decimal(minor).scaleb(-digits):.{digits}f} {currency}"


def _schema(title: str, **limits: Any) -> WithJsonSchema:
    return WithJsonSchema({"type": "integer" if title == "whole number" else "number", "title": title, **limits})


Whole = Annotated[int, BeforeValidator(parse_whole), _schema("whole number", minimum=0)]
Micro = Annotated[int, BeforeValidator(parse_micro), _schema("number")]
PositiveMicro = Annotated[int, BeforeValidator(parse_positive_micro), _schema("number", exclusiveMinimum=0)]
Money = Annotated[int, BeforeValidator(parse_money), _schema("money", minimum=0)]
PositiveMoney = Annotated[int, BeforeValidator(parse_positive_money), _schema("money", exclusiveMinimum=0)]
