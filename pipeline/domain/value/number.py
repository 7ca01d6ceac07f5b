"""Numbers as shops send them: JSON numbers or decimal strings, kept as integer millionths so that sums are exact."""

import re
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

MICRO = 1_000_000
# Beyond this a value is no price, quantity or score of a shop but damage; it also keeps sums far from 64 bits.
LIMIT = 10**11

_PLAIN = re.compile(r"[+-]?(?:\d{1,12}(?:\.\d{1,18})?|\.\d{1,18})", re.ASCII)


def parse_decimal(value: Any) -> Decimal | None:
    """The plain finite decimal behind a JSON value; None for anything else (bool, NaN, exponent text, absurd)."""
    if value is None or value is True or value is False:
        return None
    if isinstance(value, (int, float)):
        if not -LIMIT <= value <= LIMIT:
            return None
        return Decimal(repr(value))
    if isinstance(value, str):
        text = value.strip()
        if not _PLAIN.fullmatch(text):
            return None
        number = Decimal(text)
        return number if -LIMIT <= number <= LIMIT else None
    return None


def scaled(value: Any, scale: int) -> int | None:
    """`value` x `scale` as an integer, half up (away from zero); None if it is no plain finite number."""
    if type(value) is int:
        return value * scale if -LIMIT <= value <= LIMIT else None
    if type(value) is float:
        product = value * scale
        # A float that spells a decimal of few digits lies this close to it; others take the exact road.
        if -1e9 < product < 1e9 and -1e-4 < product - (nearest := round(product)) < 1e-4:
            return nearest
    number = parse_decimal(value)
    if number is None:
        return None
    return int((number * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def to_micro(value: Any) -> int | None:
    """A JSON number or plain decimal string in millionths; None if it is neither."""
    return scaled(value, MICRO)


def half_up(numerator: int, denominator: int) -> int:
    """numerator / denominator rounded half away from zero; denominator > 0."""
    if numerator >= 0:
        return (2 * numerator + denominator) // (2 * denominator)
    return -((-2 * numerator + denominator) // (2 * denominator))
