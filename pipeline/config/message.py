"""Messages: what asks for one, and what may keep it back."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pipeline.config.channel import Channel, Escalate, further
from pipeline.config.condition import Condition
from pipeline.config.duration import PositiveDuration, format_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.occasion import Occasion
from pipeline.config.problem import Place
from pipeline.config.quantity import Whole, parse_decimal
from pipeline.config.quiet_hours import SendHours
from pipeline.config.rule_name import RuleName
from pipeline.config.source import Block
from pipeline.domain.message_definition import SHARES, MessageDefinition
from pipeline.domain.value.instant import DAY

Payload = Literal["full", "reference"]

# Messages are followed for so long at the most.
_LONGEST = 90 * DAY


def share(value: Any) -> int:
    """A percentage as a part of SHARES. Raises ValueError."""
    scaled = parse_decimal(value) * SHARES / 100
    if scaled != scaled.to_integral_value():
        raise ValueError(f"{value} has more than 2 decimal places, a percentage here has no more")
    if not 0 <= scaled <= SHARES:
        raise ValueError(f"{value} should be from 0 to 100")
    return int(scaled)


def _whole(variants: dict[str, int]) -> dict[str, int]:
    total = sum(variants.values())
    if variants and total != SHARES:
        raise ValueError(f"together they make {total * 100 / SHARES:g} per cent, should be 100")
    return variants


def _recent(span: int) -> int:
    if span > _LONGEST:
        raise ValueError(f"{format_duration(span)} is longer than {format_duration(_LONGEST)}, which is the most")
    return span


PERCENT_SCHEMA = WithJsonSchema({"type": "number", "title": "number", "minimum": 0, "maximum": 100})
Percent = Annotated[int, BeforeValidator(share), PERCENT_SCHEMA]


def _offers(value: Any) -> Any:
    return {"": value} if isinstance(value, str) else value


_OFFER = {"type": "string", "minLength": 1, "maxLength": 256}
Discount = Annotated[
    dict[str, Annotated[str, Field(min_length=1, max_length=256)]],
    BeforeValidator(_offers),
    WithJsonSchema(
        {"anyOf": [_OFFER, {"type": "object", "additionalProperties": _OFFER}], "title": "text, or one a variant"}
    ),
]


class Message(Entry):
    """One message. Whatever asks for it gets exactly one line: on `messages`, or on `message-suppressions`."""

    title: str = Field("", description="What people call it; changes nothing.")
    on: Occasion = Field(description="What asks for it.", examples=[{"abandonment": "cart", "stage": 1}])
    channel: Channel | None = Field(None, description="Where it is sent. This or `escalate`.", examples=["email"])
    escalate: Escalate = Field(
        default=(),
        description="Channels in order, instead of `channel`. The next takes over at once where there is no consent or"
        " no address, or the message failed; and, with `after`, so long after it was sent and not opened.",
        examples=[["email", "push after 2h", "sms after 24h"]],
    )
    priority: Annotated[Whole, Field(le=1_000_000)] = Field(
        0, description="Of messages that are decided together the highest is chosen.", examples=[50]
    )
    variants: Annotated[dict[RuleName, Percent], AfterValidator(_whole)] = Field(
        default={},
        description="Variant -> per cent of shoppers who get it; together 100. Who got one keeps it.",
        examples=[{"control": 50, "free-shipping": 50}],
    )
    campaign: RuleName | None = Field(
        None,
        description="Messages of one campaign give a shopper the same variant and discount. Left out: one of its own.",
        examples=["cart"],
    )
    discount: Discount = Field(
        default={},
        description="What it offers, in words of the sink, as the code of a coupon; or variant -> what that offers.",
        examples=["WELCOME10", {"free-shipping": "FREESHIP"}],
    )
    unless: Condition | None = Field(None, description="Not sent to whom this holds of, as it is decided.")
    expires: PositiveDuration | None = Field(
        None, description="So long after what asked for it, it is sent no more. Left out: never.", examples=["12h"]
    )
    transactional: bool = Field(
        False,
        strict=True,
        description="It needs no marketing consent, waits for no arbitration, and neither counts against caps nor heeds"
        " them, nor the holdout.",
    )
    quiet_hours: Literal["heed", "ignore"] = Field("heed", description="`ignore`: it is sent at night, too.")
    send: SendHours | None = Field(
        None,
        description="When it is sent, beside quiet hours; else it waits. Left out: at any time.",
        examples=[{"earliest": "09:00", "latest": "20:00"}],
    )
    payload: Payload | None = Field(
        None, description="What it tells, see `messaging.payload`, which stands where this is left out."
    )
    attribution: Annotated[PositiveDuration, AfterValidator(_recent)] | None = Field(
        None,
        description="So long after it an order counts as its result. Left out: as long as its abandonment can be"
        " recovered; of other messages 5d by email, 1d elsewhere; of transactional ones not at all.",
        examples=["5d"],
    )

    @property
    def channels(self) -> tuple[str, ...]:
        """Where it is sent, in order."""
        return tuple(one.channel for one in self.escalate) or ((self.channel,) if self.channel else ())

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        if ("channel" in given) == ("escalate" in given):
            both = "channel" in given
            yield (), "has channel and escalate, leave one out" if both else "needs channel, or escalate with several"
        delays = [one.after for one in self.escalate if one.after is not None]
        if self.expires is not None and sum(delays) >= self.expires:
            wanted = format_duration(sum(delays))
            yield ("escalate",), f"comes to its end after {wanted}, when the message has expired"
        for variant in self.discount:
            if self.variants and variant not in self.variants:
                yield ("discount",), f"there is no variant {variant}" if variant else "needs to say of which variant"
            elif variant and not self.variants:
                yield ("discount",), f"there is no variant {variant}, as there are no variants"

    def definition(self, name: str, payload: str = "full") -> MessageDefinition:
        """The message as the core takes it; conditions as written. payload: where it says none itself."""
        return MessageDefinition(
            name=name,
            on=self.on.definition(),
            channel=self.channels[0],
            further=further(self.escalate),
            priority=self.priority,
            variants=tuple(sorted(self.variants.items())),
            unless=self.unless.meaning() if self.unless else None,
            expires=self.expires,
            transactional=self.transactional,
            heeds_quiet_hours=self.quiet_hours == "heed",
            attribution=self.attribution,
            campaign="" if self.campaign == name else self.campaign or "",
            discounts=tuple(sorted(self.discount.items())),
            quiet=self.send.definition() if self.send else None,
            reference=(self.payload or payload) == "reference",
        )
