"""What a loyalty programme means: what earns points, and the tiers that they lead to."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Span:
    """A span of loyalty: `months` of calendar arithmetic in the shop's zone, then `ms`."""

    ms: int = 0
    months: int = 0


@dataclass(frozen=True, slots=True)
class EarnRule:
    """`points` (millionths) for each `per` minor units of the eligible amount of an order."""

    on: str
    points: int
    per: int
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Level:
    """A tier: entered at metric `start`, kept at `keep` (points, or minor units of spend); multiplier in millionths."""

    name: str
    start: int
    keep: int
    multiplier: int = 1_000_000


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
    """A loyalty programme. window: rolling ms, None = lifetime. term None = reviewed at every instant.

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
