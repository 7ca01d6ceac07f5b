"""Messaging: what messages there are, and what keeps them within bounds."""

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from pipeline.config.consent import ConsentSettings
from pipeline.config.duration import Duration, PositiveDuration, format_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.message import CHANNELS, Channel, Message, Percent
from pipeline.config.problem import Place, nearest
from pipeline.config.quantity import Whole
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.message_definition import SHARES
from pipeline.domain.message_definition import Cap as CapDefinition
from pipeline.domain.message_definition import Holdout as HoldoutDefinition
from pipeline.domain.message_definition import Layer as LayerDefinition
from pipeline.domain.message_definition import QuietHours as QuietHoursDefinition
from pipeline.domain.value.instant import DAY, HOUR, MINUTE

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")
# More places of one cap than a record should hold.
_MOST = 1_000


def _clock(value: Any) -> int:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value} is no time of day, write "21:00"')
    return int(match[1]) * HOUR + int(match[2]) * MINUTE


def _places(value: Any) -> Any:
    if value == 0 and not isinstance(value, bool):
        raise ValueError("a cap of 0 lets nothing through, take out the channel's messages instead")
    return value


# ms after midnight
Clock = Annotated[
    int, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK.pattern, "title": "time of day"})
]


class Cap(Entry):
    """A frequency cap: what is sent on a channel within any window of that length, transactional messages aside."""

    channel: Channel = Field(description="On which channel.", examples=["email"])
    at_most: Annotated[Whole, BeforeValidator(_places), Field(ge=1, le=_MOST)] = Field(
        description="So many messages.", examples=[1]
    )
    per: PositiveDuration = Field(description="Within so long.", examples=["16h"])
    over: Literal["drop", "defer"] = Field(
        "drop", description="What becomes of one too many: `defer` lets it wait for room, for 24h at the most."
    )

    def definition(self) -> CapDefinition:
        return CapDefinition(self.channel, self.at_most, self.per, self.over == "defer")


class QuietHours(Entry):
    """When nothing is sent, by the clock where the shopper lives: `from` is quiet, `to` is not. Messages wait."""

    from_: Clock = Field(alias="from", description="When they begin.", examples=["21:00"])
    to: Clock = Field(description="When they end; on the next day, if earlier.", examples=["08:00"])
    channels: tuple[Channel, ...] = Field(
        CHANNELS, min_length=1, description="On which channels. Left out: on all.", examples=[["email", "sms", "push"]]
    )
    spread: Duration = Field(
        0, description="Messages that waited go within so long after `to`, each at its own instant.", examples=["30m"]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if self.from_ == self.to:
            yield (), "begin and end at the same time, so nothing would ever be sent; leave quiet_hours out for none"
        elif self.spread > (self.from_ - self.to) % DAY:
            loud = format_duration((self.from_ - self.to) % DAY)
            yield ("spread",), f"{format_duration(self.spread)} is longer than the {loud} that are not quiet"

    def definition(self) -> QuietHoursDefinition:
        return QuietHoursDefinition(self.from_, self.to, tuple(sorted(set(self.channels))), self.spread)


class Holdout(Entry):
    """Shoppers who get no marketing, so that what messages do can be measured against them."""

    percent: Percent = Field(description="Per cent of shoppers. Who was drawn stays so.", examples=[5])
    salt: str = Field(min_length=1, description="Another one draws other shoppers.", examples=["2026q1"])

    def definition(self) -> HoldoutDefinition:
        return HoldoutDefinition(self.percent, self.salt)


class Messaging(Entry):
    """Messages, each decided by one arbiter: who gets which one, when, or why not."""

    consent: ConsentSettings = Field(default=ConsentSettings(), description="What counts as consent.")
    quiet_hours: QuietHours | None = Field(
        None, description="When nothing is sent. Left out: never.", examples=[{"from": "21:00", "to": "08:00"}]
    )
    caps: tuple[Cap, ...] = Field(
        (),
        description="How much a shopper gets at the most. Left out: no bound.",
        examples=[[{"channel": "email", "at_most": 1, "per": "16h"}]],
    )
    arbitration: Duration = Field(
        MINUTE,
        description="From the first message on a channel to the choice of one among all that were asked for since.",
        examples=["60s"],
    )
    holdout: Holdout | None = Field(
        None, description="Who gets no marketing. Left out: nobody.", examples=[{"percent": 5, "salt": "2026q1"}]
    )
    layers: dict[RuleName, dict[RuleName, Percent]] = Field(
        default={},
        description="Layer -> message with variants -> per cent of shoppers who may take part in its experiment. A"
        " shopper takes part in one of a layer at the most, and gets the others' messages without a variant.",
        examples=[{"prices": {"cart-reminder": 50, "welcome": 30}}],
    )
    messages: dict[RuleName, Message] = Field(default={}, description="Messages, by name.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        placed: dict[str, str] = {}
        for layer, shares in self.layers.items():
            place: Place = ("layers", layer)
            if sum(shares.values()) > SHARES:
                yield place, f"together they make {sum(shares.values()) * 100 / SHARES:g} per cent, at most 100"
            for experiment in shares:
                if experiment not in self.messages:
                    meant = nearest(experiment, self.messages)
                    reading.found.append(
                        ((*given.place, *place, experiment), f"there is no message {experiment}", meant)
                    )
                elif not self.messages[experiment].variants:
                    yield (*place, experiment), f"{experiment} has no variants, so there is no experiment"
                elif experiment in placed:
                    yield (*place, experiment), f"{experiment} is in the layer {placed[experiment]} already"
                placed.setdefault(experiment, layer)

    def layering(self) -> tuple[LayerDefinition, ...]:
        """The layers, in order of their names."""
        return tuple(
            LayerDefinition(name, tuple(sorted(shares.items()))) for name, shares in sorted(self.layers.items())
        )
