"""Durations: `500ms 90s 15m 4h 30d 12w` or ISO 8601."""

import re
from typing import Annotated, Any

from pydantic import BeforeValidator, PlainValidator, WithJsonSchema

from pipeline.domain.loyalty_definition import Span
from pipeline.domain.value.instant import DAY, HOUR, MINUTE, SECOND

WEEK = 7 * DAY
# Longer than any shop's history; keeps instants far from what dates can express.
MAX_DAYS = 36_600
MAX_MONTHS = 1_200

_UNITS = {"ms": 1, "s": SECOND, "m": MINUTE, "h": HOUR, "d": DAY, "w": WEEK}
_SHORT = re.compile(r"(\d{1,15})(ms|s|m|h|d|w)")
_ISO = re.compile(
    r"P(?=.)(?:(\d{1,6})Y)?(?:(\d{1,6})M)?(?:(\d{1,6})W)?(?:(\d{1,9})D)?"
    r"(?:T(?=.)(?:(\d{1,9})H)?(?:(\d{1,9})M)?(?:(\d{1,12})(?:\.(\d{1,3}))?S)?)?"
)
_HOW = "write 500ms, 90s, 15m, 4h, 30d or 12w, or ISO 8601 as P30D"


def parse_span(value: Any) -> Span:
    """A duration with its calendar part (years, months) apart. Raises ValueError that says how to write one."""
    if not isinstance(value, str) or not value.strip():
        raise ValueError(f"{value} is no duration: {_HOW}")
    text = value.strip()
    short = _SHORT.fullmatch(text)
    iso = _ISO.fullmatch(text)
    if short:
        span = Span(ms=int(short[1]) * _UNITS[short[2]])
    elif iso:
        years, months, weeks, days, hours, minutes, seconds = (int(part or 0) for part in iso.groups()[:7])
        fraction = int((iso[8] or "").ljust(3, "0"))
        ms = weeks * WEEK + days * DAY + hours * HOUR + minutes * MINUTE + seconds * SECOND + fraction
        span = Span(ms=ms, months=12 * years + months)
    elif text.startswith("-"):
        raise ValueError(f"{value} should not be negative")
    else:
        raise ValueError(f"{value!r} is no duration: {_HOW}")
    if span.ms > MAX_DAYS * DAY or span.months > MAX_MONTHS:
        raise ValueError(f"{value!r} is longer than 100 years")
    return span


def parse_duration(value: Any) -> int:
    """A duration of fixed length, in ms. Raises ValueError; months and years are refused (readings.md, 8)."""
    span = parse_span(value)
    if span.months:
        raise ValueError(f"{value!r} has no fixed length: months and years are not allowed here, write days (365d)")
    return span.ms


def _positive(value: Any) -> int:
    ms = parse_duration(value)
    if ms == 0:
        raise ValueError(f"should be longer than {value}")
    return ms


def format_duration(ms: int) -> str:
    """A duration in its largest whole unit: `90s`, `10d`."""
    for unit, length in (("d", DAY), ("h", HOUR), ("m", MINUTE), ("s", SECOND)):
        if ms and ms % length == 0:
            return f"{ms // length}{unit}"
    return f"{ms}ms" if ms else "0s"


DURATION_PATTERN = r"^(\d+(ms|s|m|h|d|w)|P[0-9YMWDTHS.]+)$"

DURATION_SCHEMA = {
    "type": "string",
    "pattern": DURATION_PATTERN,
    "title": "duration",
    "description": "500ms, 90s, 15m, 4h, 30d, 12w or ISO 8601",
}

# ms; zero allowed
Duration = Annotated[int, BeforeValidator(parse_duration), WithJsonSchema(DURATION_SCHEMA)]
# ms; zero refused
PositiveDuration = Annotated[int, BeforeValidator(_positive), WithJsonSchema(DURATION_SCHEMA)]
# with calendar arithmetic
CalendarSpan = Annotated[Span, PlainValidator(parse_span), WithJsonSchema({**DURATION_SCHEMA, "title": "span"})]
