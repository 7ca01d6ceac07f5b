"""Values as shops send them: numbers, instants, spans and money, read exactly and without hurry."""

import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, tzinfo
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000}
DAY = UNITS["d"]
PLAIN = re.compile(r"[+-]?(\d+(\.\d+)?|\.\d+)")
NO_HUNDREDTHS = {"JPY": 1, "KRW": 1, "KWD": 1000, "BHD": 1000}


def span(text: str | int) -> int:
    """ms of `90s`, `4h`, `30d`, `PT1H30M`, `P2D`; calendar spans are no business of windows (readings.md, 8)."""
    if isinstance(text, int):
        return text
    short = re.fullmatch(r"(\d+)(ms|s|m|h|d|w)", text)
    if short:
        return int(short[1]) * UNITS[short[2]]
    iso = re.fullmatch(r"P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)S)?)?", text)
    if not iso:
        raise ValueError(f"no span: {text}")
    return sum(int(n or 0) * UNITS[unit] for n, unit in zip(iso.groups(), "wdhms", strict=True))


def number(value: Any) -> Decimal | None:
    """A JSON number or plain decimal string; anything else is no number (readings.md, 11)."""
    if isinstance(value, bool):
        return None
    if isinstance(value, int | float):
        parsed = Decimal(str(value))
        return parsed if parsed.is_finite() else None
    if isinstance(value, str) and PLAIN.fullmatch(value.strip()):
        return Decimal(value.strip())
    return None


def equal(one: Any, other: Any) -> bool:
    """readings.md, 11: numbers and strings are equal if both are plain decimals and the same number."""
    left, right = number(one), number(other)
    if left is not None and right is not None:
        return left == right
    return type(one) is type(other) and bool(one == other)


def local(moment: int, zone: tzinfo) -> datetime:
    return (EPOCH + timedelta(milliseconds=moment)).astimezone(zone)


def instant(value: Any) -> int | None:
    """ms since the epoch of RFC 3339 text (no zone: UTC) or epoch seconds or ms (readings.md, 14); else None."""
    if isinstance(value, str) and re.match(r"\d{4}-\d\d-\d\d", value):
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            return None
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return (moment - EPOCH) // timedelta(milliseconds=1)
    if isinstance(value, str) and value.isdigit():
        value = int(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and value >= 0:
        return int(value * 1000) if value < 10**11 else int(value)
    return None


def live_from(topology: dict[str, Any]) -> int:
    """ms; what is decided before is history."""
    return instant(topology.get("time", {}).get("live_from")) or 0


def rfc3339(ms: int) -> str:
    return (EPOCH + timedelta(milliseconds=ms)).strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def reach(value: Any, path: str) -> list[Any]:
    """What stands at the end of a dotted path; a step through an array takes every element; null is nothing."""
    ends = [value]
    for step in path.split("."):
        reached = []
        for end in ends:
            for one in end if isinstance(end, list) else [end]:
                if isinstance(one, dict) and step in one:
                    reached.append(one[step])
        ends = reached
    return [end for end in ends if end is not None]


def elements(ends: list[Any]) -> list[Any]:
    flat: list[Any] = []
    for end in ends:
        flat.extend([one for one in end if one is not None] if isinstance(end, list) else [end])
    return flat


def scalars(value: Any) -> Iterator[Any]:
    """Every leaf of a JSON value."""
    if isinstance(value, dict):
        for one in value.values():
            yield from scalars(one)
    elif isinstance(value, list):
        for one in value:
            yield from scalars(one)
    else:
        yield value


def tells_links(messaging: dict[str, Any]) -> bool:
    """Whether a message tells of what was left behind (docs/rules.md, "Orders and carts")."""
    payloads = [
        entry.get("payload", messaging.get("payload", "full"))
        for entry in (messaging.get("messages") or {}).values()
        if "abandonment" in entry["on"]
    ]
    return "full" in payloads


class Shop:
    """Zone, currency and rates of a topology; money is converted half up, once (readings.md, 25)."""

    def __init__(self, topology: dict[str, Any]) -> None:
        shop = topology.get("shop", {})
        self.zone = shop.get("timezone", "UTC")
        self.currency = shop.get("currency", "EUR")
        self.rates = {name: Fraction(str(rate)) for name, rate in shop.get("exchange_rates", {}).items()}
        self.scale = NO_HUNDREDTHS.get(self.currency, 100)
        free = shop.get("free_shipping_from")
        self.free_shipping = None if free is None else self.minor(str(free))
        self.links = shop.get("links", tells_links(topology.get("messaging") or {}))

    def minor(self, value: Any, currency: str | None = None, times: int = 1) -> int | None:
        """`value` x `times` of `currency` in minor units of the shop's; None if it is no number or has no rate."""
        amount = number(value)
        rate = Fraction(1) if not currency or currency == self.currency else self.rates.get(currency)
        if amount is None or rate is None:
            return None
        exact = Fraction(amount) * times * rate * self.scale
        return int((Decimal(exact.numerator) / Decimal(exact.denominator)).quantize(Decimal(1), ROUND_HALF_UP))

    def money(self, amount: int) -> dict[str, Any]:
        return {"amount": amount, "currency": self.currency}
