"""What a topology says of messages: what asks for one, and what may forbid it. Part of `definition.py`."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.domain.definition import Condition

CHANNELS = ("email", "sms", "push", "on-site")

SHARES = 10_000
"""Shares of variants and of the holdout are parts of so many."""


@dataclass(frozen=True, slots=True)
class Occasion:
    """What makes a candidate. source: abandonment, segment, tier, points (decisions of them) or event (itself).

    name: of the rule that decides, or of the event. change: of the decision (of points its entry), "" of an event.
    stage: of an abandonment, 0 = every one.
    """

    source: str
    name: str
    change: str = ""
    stage: int = 0


@dataclass(frozen=True, slots=True)
class FurtherChannel:
    """A channel that a message goes on to. after: ms after it was sent on an earlier one and not opened; None = only
    where it could not be sent there."""

    channel: str
    after: int | None = None


@dataclass(frozen=True, slots=True)
class QuietHours:
    """From `start` to `end`, ms after midnight by the shopper's clock. spread: ms over which what waited is spread."""

    start: int
    end: int
    channels: tuple[str, ...] = CHANNELS
    spread: int = 0


@dataclass(frozen=True, slots=True)
class MessageDefinition:
    """One entry of `messaging.messages`. variants: (name, share), in order of the name. expires: ms after the occasion,
    None = never. heeds_quiet_hours: a message that does waits for their end. attribution: ms after it at which an
    order still counts as its result, None = what its kind has by default. channel: the first, further: those it goes on
    to. campaign: whose messages give the same variant, "" = its own. quiet: hours of its own in which it is not
    sent. discounts: (variant, offer), ("", offer) = of all. reference: it tells no personal data."""

    name: str
    on: Occasion
    channel: str
    identity: str = ""
    priority: int = 0
    variants: tuple[tuple[str, int], ...] = ()
    unless: "Condition | None" = None
    expires: int | None = None
    transactional: bool = False
    heeds_quiet_hours: bool = True
    attribution: int | None = None
    further: tuple[FurtherChannel, ...] = ()
    campaign: str = ""
    quiet: QuietHours | None = None
    discounts: tuple[tuple[str, str], ...] = ()
    reference: bool = False

    def discount(self, variant: str | None) -> str | None:
        """What it offers to who gets that variant, None = nothing."""
        return next((offer for name, offer in self.discounts if name in ("", variant)), None)

    @property
    def experiment(self) -> str:
        """The name under which its variants are drawn and kept."""
        return self.campaign or self.name

    @property
    def channels(self) -> tuple[str, ...]:
        """All that it may be sent on, in order."""
        return self.channel, *(one.channel for one in self.further)


@dataclass(frozen=True, slots=True, order=True)
class Cap:
    """At most so many messages on a channel within any `per` ms. defers: what is over it waits, else it is dropped."""

    channel: str
    at_most: int
    per: int
    defers: bool = False


@dataclass(frozen=True, slots=True)
class Holdout:
    """The share of shoppers, of SHARES, who get no marketing. Another salt draws others."""

    share: int
    salt: str


@dataclass(frozen=True, slots=True)
class Layer:
    """Experiments of which a shopper takes part in one at the most: (name, share), in order of the name."""

    name: str
    experiments: tuple[tuple[str, int], ...]


@dataclass(frozen=True, slots=True)
class MessagingDefinition:
    """`messaging:`, but for consent. arbitration: ms from a channel's first candidate to the choice among them."""

    messages: tuple[MessageDefinition, ...]
    caps: tuple[Cap, ...] = ()
    quiet_hours: QuietHours | None = None
    holdout: Holdout | None = None
    arbitration: int = 60_000
    layers: tuple[Layer, ...] = ()

    @property
    def tells_recipients(self) -> bool:
        """Whether a message says to whom it goes, and in which language."""
        return any(not one.reference for one in self.messages)
