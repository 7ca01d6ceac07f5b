"""What a loyalty programme means: what earns points, and the tiers that they lead to."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.domain.definition import Filter

# The longest.
YEAR = 366 * 86_400_000


@dataclass(frozen=True, slots=True)
class Span:
    """A span of loyalty: `months` of calendar arithmetic in the shop's zone, then `ms`."""

    ms: int = 0
    months: int = 0


BIRTHDAY = "$birthday"
ANNIVERSARY = "$anniversary"
MISSION = "$mission"
OCCASIONS = (BIRTHDAY, ANNIVERSARY, MISSION)
"""What earns without an event of that name."""

POINTS_REDEEMED = "Points Redeemed"
REDEMPTION_CANCELLED = "Redemption Cancelled"
POINTS_ADJUSTED = "Points Adjusted"
REDEMPTION_EVENTS = frozenset({POINTS_REDEEMED, REDEMPTION_CANCELLED, POINTS_ADJUSTED})
"""What moves points without earning them."""

TIER_LOCKED = "Tier Locked"
TIER_UNLOCKED = "Tier Unlocked"
TIER_GRANTED = "Tier Granted"
TIER_EVENTS = frozenset({TIER_LOCKED, TIER_UNLOCKED, TIER_GRANTED})
"""What somebody says of a tier."""

REVIEW_RELEASED = "Points Review Released"
REVIEW_REJECTED = "Points Review Rejected"
REVIEW_EVENTS = (REVIEW_RELEASED, REVIEW_REJECTED)
"""What becomes of points that are held."""


@dataclass(frozen=True, slots=True)
class Limit:
    """At most `times` grants within any `within` ms of event time; None = for ever."""

    times: int
    within: int | None = None


@dataclass(frozen=True, slots=True)
class Mission:
    """Completed orders in so many different periods of `unit` (day, week, month, quarter), in the shopper's zone.
    in_a_row: the periods follow each other."""

    unit: str
    periods: int
    in_a_row: bool = False


@dataclass(frozen=True, slots=True)
class EarnRule:
    """What earns points: an event by its name, or one of OCCASIONS.

    points: millionths. per > 0: a rate, `points` for each `per` minor units of the eligible amount of an order; 0: a
    bonus, `points` of each event (then they are whole). where: filters of the event's properties, lines: of an order's
    products, of which the rate takes the amount. start, end: event times (ms) from and until which it counts, 0 = open.
    first: of the first order only. trait: with the date of a birthday. also: property with the id of the one who
    referred. Rules stand in order of (priority from the highest, id); exclusive: what a rate takes is not left for the
    rates after it.
    """

    on: str
    points: int
    per: int = 0
    exclude: tuple[str, ...] = ()
    id: str = ""
    priority: int = 0
    exclusive: bool = False
    where: "tuple[Filter, ...]" = ()
    lines: "tuple[Filter, ...]" = ()
    start: int = 0
    end: int = 0
    first: bool = False
    limit: Limit | None = None
    trait: tuple[str, ...] = ()
    also: tuple[str, ...] = ()
    mission: Mission | None = None


@dataclass(frozen=True, slots=True)
class Review:
    """What is held until somebody has looked at it. points, days: more points than so many within any 24 h. refunds:
    after so many refunds or cancellations within the span. referrals: more than so many by one device or address."""

    points_per_day: int = 0
    refunds: Limit | None = None
    referrals_per_device: Limit | None = None
    referrals_per_address: Limit | None = None


@dataclass(frozen=True, slots=True)
class Level:
    """A tier: entered at metric `start`, kept at `keep` (points, minor units of spend, or orders); multiplier in
    millionths. granted_by: name of the event that grants it, "" = none. start None: it is only granted. keep None: the
    metric never keeps it."""

    name: str
    start: int | None
    keep: int | None
    multiplier: int = 1_000_000
    granted_by: str = ""

    @property
    def kept_at(self) -> int | None:
        """A level kept at more than it is entered at would be lost and won in one breath."""
        return self.keep if self.keep is None or self.start is None else min(self.keep, self.start)


@dataclass(frozen=True, slots=True)
class ExpiryRule:
    """When points expire: each lot `after` its time, or the whole balance after `inactive` without a movement; then at
    the end of the day, month or year `at`, "" = at once. notices: ms before it, each once."""

    after: Span | None = None
    inactive: Span | None = None
    at: str = ""
    notices: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Reward:
    """What `cost` points are spent on. limit: times a shopper may have it, 0 = any number; tier: from which level up,
    "" = any."""

    name: str
    cost: int
    limit: int = 0
    tier: str = ""


@dataclass(frozen=True, slots=True)
class ProgrammeDefinition:
    """A loyalty programme. window: rolling ms, None = lifetime, unless `calendar` (year, quarter, month) or
    `anniversary` (joined, tier) say otherwise. term None = reviewed at every instant. notices: ms before a review, each
    once. on_refund: immediate, or at_review. loud: what a change of the topology makes of tiers is told aloud.

    confirm_after: ms from an order until its points are confirmed, None = at once.
    """

    name: str
    identity: str
    earn: tuple[EarnRule, ...]
    metric: str
    levels: tuple[Level, ...]
    window: int | None = None
    term: Span | None = None
    grace: Span = Span()
    downgrade: str = "one_level"
    refunds: str = "negative_allowed"
    confirm_after: int | None = None
    expire: ExpiryRule | None = None
    rewards: tuple[Reward, ...] = ()
    review: Review | None = None
    evidence: bool = False
    calendar: str = ""
    anniversary: str = ""
    notices: tuple[int, ...] = ()
    on_refund: str = "immediate"
    loud: bool = False

    @property
    def looks_back(self) -> int | None:
        """How far back the metric, and what of it a refund undoes, looks, ms; None: to the beginning."""
        return 2 * YEAR if self.calendar or self.anniversary else self.window
