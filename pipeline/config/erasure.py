"""Who is to be forgotten, and for how long anything is kept."""

from collections.abc import Iterator

from pydantic import Field

from pipeline.config.duration import PositiveDuration
from pipeline.config.entry import Entry, Reading
from pipeline.config.problem import Place
from pipeline.config.source import Block
from pipeline.domain.erasure_definition import SHOPPER_ERASED, ErasureDefinition
from pipeline.domain.value.instant import DAY

_YEAR = 365 * DAY
# Kafka counts it in 64 bits of ms; a hundred years are what windows have, too.
_LONGEST = 100 * _YEAR


class Erasure(Entry):
    """Erase shoppers who ask for it (`afterclick erase`, or the event `Shopper Erased`); `{}` = all defaults."""

    pepper: str = Field(
        default="",
        repr=False,
        description="Secret of the digests under which erased ids are remembered. It must stay the same: under another"
        " one nobody who was erased is recognised. Take it from the environment.",
        examples=["${ERASURE_PEPPER}"],
    )
    return_by: tuple[str, ...] = Field(
        default=(),
        description="Events with which an erased shopper comes back, as a new one. One on consent has to grant"
        " something. Left out: nobody comes back.",
        examples=[["Signed Up", "Consent Changed"]],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for at, name in enumerate(self.return_by):
            if not name.strip():
                yield ("return_by", at), "should be the name of an event"
            elif name == SHOPPER_ERASED:
                yield ("return_by", at), "erases the shopper, and can't bring anybody back"

    def definition(self) -> ErasureDefinition:
        return ErasureDefinition(self.pepper, frozenset(self.return_by))


class Retention(Entry):
    """How long anything is kept. Of topics it is what `afterclick topics` makes them with."""

    inactive: PositiveDuration | None = Field(
        default=None,
        description="A shopper of whom no event came for so long is forgotten. Left out: nobody is.",
        examples=["730d"],
    )
    clickstream: PositiveDuration = Field(default=7 * DAY, description="Of what clients sent.", examples=["7d"])
    shopper_events: PositiveDuration = Field(
        default=7 * DAY, description="Of the canonical events; a backfill reaches back as far.", examples=["7d"]
    )
    decisions: PositiveDuration = Field(default=30 * DAY, description="Of the output topics.", examples=["30d"])
    receipts: PositiveDuration = Field(
        default=10 * _YEAR, description="Of `erasures`, which names nobody.", examples=["3650d"]
    )
    dead_letters: PositiveDuration = Field(
        default=90 * DAY, description="Of what could not be taken; it has the original bytes.", examples=["90d"]
    )
    changelogs: PositiveDuration = Field(
        default=7 * DAY,
        description="How long the log of shoppers' records may go uncompacted, and so keep a record that is no more,"
        " in a topology with `erasure` or `inactive`.",
        examples=["7d"],
    )

    def mistakes(self, given: Block, reading: Reading) -> Iterator[tuple[Place, str]]:
        for name in type(self).model_fields:
            value = getattr(self, name)
            if value is not None and value > _LONGEST:
                yield (name,), "is more than 100 years"
