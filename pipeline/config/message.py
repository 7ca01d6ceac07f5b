"""Messages: what asks for one, and what may keep it back."""

from typing import Annotated, Any, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from pipeline.config.condition import Condition
from pipeline.config.duration import PositiveDuration, format_duration
from pipeline.config.entry import Entry
from pipeline.config.occasion import Occasion
from pipeline.config.quantity import Whole, parse_decimal
from pipeline.config.rule_name import RuleName
from pipeline.domain.message_definition import SHARES, MessageDefinition
from pipeline.domain.value.instant import DAY

Channel = Literal["email", "sms", "push", "on-site"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "push", "on-site")

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


class Message(Entry):
    """One message. Whatever asks for it gets exactly one line: on `messages`, or on `message-suppressions`."""

    later_keys: ClassVar[tuple[str, ...]] = ("escalate", "payload", "earliest", "latest")

    title: str = Field("", description="What people call it; changes nothing.")
    on: Occasion = Field(description="What asks for it.", examples=[{"abandonment": "cart", "stage": 1}])
    channel: Channel = Field(description="Where it is sent.", examples=["email"])
    priority: Annotated[Whole, Field(le=1_000_000)] = Field(
        0, description="Of messages that are decided together the highest is chosen.", examples=[50]
    )
    variants: Annotated[dict[RuleName, Percent], AfterValidator(_whole)] = Field(
        default={},
        description="Variant -> per cent of shoppers who get it; together 100. Who got one keeps it.",
        examples=[{"control": 50, "free-shipping": 50}],
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

    attribution: Annotated[PositiveDuration, AfterValidator(_recent)] | None = Field(
        None,
        description="So long after it an order counts as its result. Left out: as long as its abandonment can be"
        " recovered; of other messages 5d by email, 1d elsewhere; of transactional ones not at all.",
        examples=["5d"],
    )

    def definition(self, name: str) -> MessageDefinition:
        """The message as the core takes it; conditions as written."""
        return MessageDefinition(
            name=name,
            on=self.on.definition(),
            channel=self.channel,
            priority=self.priority,
            variants=tuple(sorted(self.variants.items())),
            unless=self.unless.meaning() if self.unless else None,
            expires=self.expires,
            transactional=self.transactional,
            heeds_quiet_hours=self.quiet_hours == "heed",
            attribution=self.attribution,
        )
