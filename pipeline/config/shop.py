"""Facts of the shop that deciding needs: its zone, its currency, its names of events, its clocks."""

import zoneinfo
from collections.abc import Iterator
from functools import cache
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field, PlainValidator, WithJsonSchema

from pipeline.config.currency import CURRENCIES
from pipeline.config.duration import Duration, PositiveDuration, parse_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.local_instant import LocalInstant
from pipeline.config.problem import Place, nearest
from pipeline.config.quantity import Money, PositiveMicro
from pipeline.config.source import Block
from pipeline.domain.value.instant import DAY, HOUR, MINUTE, SECOND


@cache
def zones() -> frozenset[str]:
    """The names of all zones; looking them up takes 50 ms."""
    return frozenset(zoneinfo.available_timezones())


def _zone(value: str) -> str:
    if value not in zones():
        meant = nearest(value, zones())
        raise ValueError(f"{value} is no IANA time zone" + (f", did you mean {meant}?" if meant else ""))
    return value


def _currency(value: str) -> str:
    if value not in CURRENCIES:
        meant = nearest(value, CURRENCIES)
        raise ValueError(f"{value} is no ISO 4217 currency code" + (f", did you mean {meant}?" if meant else ""))
    return value


def _tick(value: Any) -> int | None:
    if value == "off":
        return None
    tick = parse_duration(value)
    if tick == 0:
        raise ValueError("should be longer than 0s, or off")
    return tick


TimeZone = Annotated[str, AfterValidator(_zone)]
Currency = Annotated[str, AfterValidator(_currency)]
Tick = Annotated[int | None, PlainValidator(_tick), WithJsonSchema({"type": "string", "title": "duration or off"})]


class Shop(Entry):
    """The shop's own zone and money."""

    timezone: TimeZone = Field(default="UTC", description="IANA zone, for calendars.", examples=["Europe/Berlin"])
    currency: Currency = Field(default="EUR", description="ISO 4217 code; money here is in it.", examples=["EUR"])
    exchange_rates: dict[Currency, PositiveMicro] = Field(
        default={},
        description="Currency -> worth of one unit of it in the shop's.",
        examples=[{"USD": 0.92}],
    )
    free_shipping_from: Money | None = Field(
        default=None,
        description="Value of a cart that is shipped free. What a cart lacks of it is told with its triggers, as"
        " `gap_to_free_shipping`.",
        examples=[49],
    )
    links: bool | None = Field(
        default=None,
        description="Whether what is left behind tells where it is found: `url` and `image_url` of products, and of a"
        " cart or checkout its `cart_url` or `checkout_url`. Left out: if a message about an abandonment tells all.",
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if self.currency in self.exchange_rates:
            yield ("exchange_rates", self.currency), "is the shop's own currency, which needs no rate"


class Events(Entry):
    """This shop's event names."""

    aliases: dict[str, str] = Field(
        default={},
        description="This shop's name -> standard e-commerce name.",
        examples=[{"Basket Item Added": "Product Added"}],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for alias, name in self.aliases.items():
            if not alias.strip() or not name.strip():
                yield ("aliases", alias), "should be two event names"
            elif name in self.aliases:
                yield ("aliases", alias), f"{name} is an alias itself, name {self.aliases[name]} at once"


class Late(Entry):
    """How late an event may be and still count."""

    segments: Duration = Field(default=7 * DAY, description="For segments.", examples=["7d"])
    triggers: Duration = Field(default=48 * HOUR, description="For abandonment triggers.", examples=["48h"])


class Time(Entry):
    """What time is made of, and how far clocks are trusted."""

    received: Literal["broker", "producer", "field"] = Field(
        default="broker",
        description="What a record's received time is: the topic's append time, the record's own timestamp, or"
        " `receivedAt` in the value.",
    )
    tick: Tick = Field(
        default=500,
        description="How often time moves on where no records come; off = only records move it.",
        examples=["500ms"],
    )
    margin: Duration = Field(default=SECOND, description="What brokers' clocks may differ.", examples=["1s"])
    stall: PositiveDuration = Field(
        default=10 * MINUTE,
        description="How far one source partition may hold back timers.",
        examples=["10m"],
    )
    future_skew: Duration = Field(
        default=5 * MINUTE, description="An event further ahead than this is flagged.", examples=["5m"]
    )
    late: Late = Field(default=Late(), description="How late an event may be and still count.")
    live_from: LocalInstant | None = Field(
        default=None,
        description="What is decided before is history: `silent`, and no message is asked for. For a shop with a past"
        " ([import](import.md)).",
        examples=["2026-12-01T06:00:00Z"],
    )
