"""Messaging: what messages there are, and what keeps them within bounds."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field

from pipeline.config.channel import Channel
from pipeline.config.consent import ConsentSettings
from pipeline.config.duration import Duration, PositiveDuration
from pipeline.config.entry import Entry, Reading
from pipeline.config.message import Message, Payload, Percent
from pipeline.config.problem import Place, nearest
from pipeline.config.quantity import Whole
from pipeline.config.quiet_hours import QuietHours, never_both_loud
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.message_definition import SHARES
from pipeline.domain.message_definition import Cap as CapDefinition
from pipeline.domain.message_definition import Holdout as HoldoutDefinition
from pipeline.domain.message_definition import Layer as LayerDefinition
from pipeline.domain.value.instant import MINUTE

# More places of one cap than a record should hold.
_MOST = 1_000


def _places(value: Any) -> Any:
    if value == 0 and not isinstance(value, bool):
        raise ValueError("a cap of 0 lets nothing through, take out the channel's messages instead")
    return value


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
    payload: Payload = Field(
        "full",
        description="What messages tell. `full`: all that a sink needs to send them. `reference`: no personal data, as"
        " addresses, items and properties of events; only ids, and what asked for it.",
    )
    messages: dict[RuleName, Message] = Field(default={}, description="Messages, by name.")

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        yield from self._campaign_mistakes()
        yield from self._clock_mistakes()
        yield from self._layer_mistakes(given, reading)

    def _campaign_mistakes(self) -> Iterator[tuple[Place, str]]:
        first: dict[str, str] = {}
        for name, message in sorted(self.messages.items(), key=lambda one: one[0] != one[1].campaign):
            campaign = message.campaign or name
            other = self.messages[first.setdefault(campaign, name)]
            for key in ("variants", "discount", "transactional"):
                if getattr(message, key) != getattr(other, key):
                    yield (
                        ("messages", name, key),
                        f"{first[campaign]} is of the campaign {campaign} as well and says otherwise: a campaign makes"
                        " a shopper one offer on all channels",
                    )

    def _clock_mistakes(self) -> Iterator[tuple[Place, str]]:
        """Messages that could never be sent, as some quiet hours are on whenever others are not."""
        hours = self.quiet_hours
        for name, message in self.messages.items():
            if hours is None or message.send is None or message.quiet_hours == "ignore":
                continue
            own, general = message.send.definition(), hours.definition()
            if never_both_loud(own, general) and set(message.channels) & set(general.channels):
                yield ("messages", name, "send"), "is all in quiet_hours, so it would never be sent"

    def _layer_mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        experiments = {message.campaign or name: message for name, message in self.messages.items()}
        placed: dict[str, str] = {}
        for layer, shares in self.layers.items():
            place: Place = ("layers", layer)
            if sum(shares.values()) > SHARES:
                yield place, f"together they make {sum(shares.values()) * 100 / SHARES:g} per cent, at most 100"
            for experiment in shares:
                if experiment not in experiments:
                    meant = nearest(experiment, experiments)
                    reading.found.append(
                        ((*given.place, *place, experiment), f"there is no message {experiment}", meant)
                    )
                elif not experiments[experiment].variants:
                    yield (*place, experiment), f"{experiment} has no variants, so there is no experiment"
                elif experiment in placed:
                    yield (*place, experiment), f"{experiment} is in the layer {placed[experiment]} already"
                placed.setdefault(experiment, layer)

    def layering(self) -> tuple[LayerDefinition, ...]:
        """The layers, in order of their names."""
        return tuple(
            LayerDefinition(name, tuple(sorted(shares.items()))) for name, shares in sorted(self.layers.items())
        )
