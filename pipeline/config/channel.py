"""Channels of messages, and in which order a message goes through them."""

from typing import Annotated, Any, Literal, NamedTuple

from pydantic import AfterValidator, BeforeValidator, WithJsonSchema

from pipeline.config.duration import parse_duration
from pipeline.config.problem import nearest
from pipeline.domain.message_definition import FurtherChannel

Channel = Literal["email", "sms", "push", "on-site"]
CHANNELS: tuple[Channel, ...] = ("email", "sms", "push", "on-site")

_HOW = "write a channel, or `push after 2h`"


class Entrance(NamedTuple):
    """One channel of `escalate`. after: ms, None = only where it could not be sent before."""

    channel: str
    after: int | None


def _entrance(value: Any) -> Entrance:
    words = value.split() if isinstance(value, str) else []
    if len(words) not in (1, 3) or words[1:2] not in ([], ["after"]):
        raise ValueError(f"{value} is no step: {_HOW}")
    if words[0] not in CHANNELS:
        meant = nearest(words[0], CHANNELS)
        raise ValueError(f"there is no channel {words[0]}" + (f", did you mean {meant}?" if meant else ""))
    after = parse_duration(words[2]) if len(words) == 3 else None
    if after == 0:
        raise ValueError("should come later than 0s; a channel that takes over at once is written without `after`")
    return Entrance(words[0], after)


def _in_order(entrances: tuple[Entrance, ...]) -> tuple[Entrance, ...]:
    channels = [one.channel for one in entrances]
    if len(entrances) < 2:
        raise ValueError("needs two channels or more; one is written `channel: email`")
    if len(set(channels)) < len(channels):
        raise ValueError("names a channel twice")
    if entrances[0].after is not None:
        raise ValueError("begins at once, so the first has no `after`")
    return entrances


_SCHEMA = {
    "type": "string",
    "pattern": rf"^({'|'.join(CHANNELS)})( after \\S+)?$",
    "title": "channel, as `push after 2h`",
}
Escalate = Annotated[
    tuple[Annotated[Entrance, BeforeValidator(_entrance), WithJsonSchema(_SCHEMA)], ...], AfterValidator(_in_order)
]


def further(entrances: tuple[Entrance, ...]) -> tuple[FurtherChannel, ...]:
    """All but the first, as the core takes them."""
    return tuple(FurtherChannel(one.channel, one.after) for one in entrances[1:])
