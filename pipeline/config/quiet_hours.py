"""Quiet hours of all messages, and the hours in which one message is sent."""

import re
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, WithJsonSchema

from pipeline.config.channel import CHANNELS, Channel
from pipeline.config.duration import Duration, format_duration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.message_definition import QuietHours as QuietHoursDefinition
from pipeline.domain.value.instant import DAY, HOUR, MINUTE

_CLOCK = re.compile(r"([01]\d|2[0-3]):([0-5]\d)")


def _clock(value: Any) -> int:
    match = _CLOCK.fullmatch(value) if isinstance(value, str) else None
    if match is None:
        raise ValueError(f'{value} is no time of day, write "21:00"')
    return int(match[1]) * HOUR + int(match[2]) * MINUTE


# ms after midnight
Clock = Annotated[
    int, BeforeValidator(_clock), WithJsonSchema({"type": "string", "pattern": _CLOCK.pattern, "title": "time of day"})
]


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


class SendHours(Entry):
    """When one message is sent, by the clock where the shopper lives: at `earliest`, but not at `latest` any more."""

    earliest: Clock = Field(0, description="When they begin. Left out: 00:00.", examples=["09:00"])
    latest: Clock = Field(
        0, description="When they end; on the next day, if earlier. Left out: 24:00.", examples=["20:00"]
    )
    spread: Duration = Field(
        0, description="What waited goes within so long after `earliest`, each at its own instant.", examples=["30m"]
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        length = (self.latest - self.earliest) % DAY
        if length == 0:
            yield (), "begins and ends at the same time, which says nothing; give earliest, latest or both"
        elif self.spread > length:
            yield ("spread",), f"{format_duration(self.spread)} is longer than the {format_duration(length)} to send in"

    def definition(self) -> QuietHoursDefinition:
        """The rest of the day, in which it is not sent."""
        return QuietHoursDefinition(self.latest, self.earliest, spread=self.spread)


def never_both_loud(one: QuietHoursDefinition, other: QuietHoursDefinition) -> bool:
    """Whether at each time of a day the one or the other quiet hours are on."""
    return all(_quiet(one, at) or _quiet(other, at) for at in (one.end, other.end))


def _quiet(hours: QuietHoursDefinition, at: int) -> bool:
    return (at - hours.start) % DAY < (hours.end - hours.start) % DAY
