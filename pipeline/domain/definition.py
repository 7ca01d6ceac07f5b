"""What a topology means: plain frozen values that the core is compiled from.

`pipeline.config` builds them from topology.yaml; the core never sees YAML or pydantic. Units: durations and instants
are milliseconds, money is integer minor units of the shop's currency, other numbers are integer millionths (`micro`).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.consent_definition import ConsentDefinition, ConsentNow
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScale, RfmScore, Stage, TraitDefinition
from pipeline.domain.erasure_definition import ErasureDefinition
from pipeline.domain.identity_definition import IdentityDefinition
from pipeline.domain.intake_definition import HotKeyDefinition, IntakeDefinition
from pipeline.domain.loyalty_definition import ProgrammeDefinition
from pipeline.domain.message_definition import MessagingDefinition
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.window_definition import Within

Path = tuple[str, ...]

TIME_PROPERTY: Path = ("$time",)

OPERATORS = (
    "is", "is_not", "in", "not_in", "at_least", "more_than", "at_most", "less_than", "between", "contains",
    "starts_with", "ends_with", "matches", "exists", "before", "after", "within", "month",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Number:
    """A decimal number of the topology, exact: `micro` is its value in millionths."""

    micro: int


Scalar = str | int | bool | Number | None


@dataclass(frozen=True, slots=True)
class Test:
    """One operator applied to a value: `{at_least: 5}`.

    operand: by operator: `is is_not contains starts_with ends_with matches` a scalar (numbers as Number), `in not_in` a
    tuple of scalars, `between` a pair of Numbers, `at_least more_than at_most less_than` a Number, `exists` a bool,
    `before after` an instant (ms), `within` a duration (ms), `month` the name of a zone and months, or `now` for them.
    """

    op: str
    operand: "Scalar | tuple[Scalar, ...]"


@dataclass(frozen=True, slots=True)
class Filter:
    """All tests must hold of the value at `path`, of TIME_PROPERTY of the event's time; `every` = of each element of an
    array (`all_of`), not empty."""

    path: Path
    tests: tuple[Test, ...]
    every: bool = False


@dataclass(frozen=True, slots=True)
class Selection:
    """Which events a condition looks at: names after aliases, or `("*",)`; and the filters they must pass."""

    events: tuple[str, ...]
    where: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Bound:
    """A test of an aggregate, in the aggregate's own unit (count: 1; money: minor units; else micro).

    op: one of `is is_not in not_in at_least more_than at_most less_than between`; `exactly` is written as `is`.
    values: one number, two for `between` (both ends included), any for `in` and `not_in`.
    """

    op: str
    values: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class All:
    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    of: tuple["Condition", ...]


@dataclass(frozen=True, slots=True)
class Not:
    of: "Condition"


@dataclass(frozen=True, slots=True)
class Aggregate:
    """`count sum min max avg distinct` of events in a window (None: lifetime)."""

    function: str
    selection: Selection
    bounds: tuple[Bound, ...]
    within: Within = None
    property: Path | None = None


@dataclass(frozen=True, slots=True)
class Edge:
    """`first` or `last`: tests of a property (or TIME_PROPERTY) of the first or latest matching event."""

    function: str
    selection: Selection
    property: Path
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a sequence; absent: it must not have happened. Only the last may be so."""

    selection: Selection
    absent: bool = False


@dataclass(frozen=True, slots=True)
class Sequence:
    """Events in order, each within `within` ms from the first, equal in each property of `same`."""

    steps: tuple[Step, ...]
    within: int
    same: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Trait:
    path: Path
    tests: tuple[Test, ...]


@dataclass(frozen=True, slots=True)
class Purchases:
    """`orders`, `spend` or `average_order` of completed, not cancelled orders in a window (None: lifetime)."""

    measure: str
    bounds: tuple[Bound, ...]
    within: Within = None


@dataclass(frozen=True, slots=True)
class CartNow:
    """Tests of the open cart: its value (minor units), its pieces, and filters one of its lines must pass."""

    value: tuple[Bound, ...] = ()
    items: tuple[Bound, ...] = ()
    contains: tuple[Filter, ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    segment: str


Condition = (
    All
    | AnyOf
    | Not
    | Aggregate
    | Edge
    | Sequence
    | Trait
    | Purchases
    | CartNow
    | Member
    | RfmScore
    | Stage
    | Computed
    | Tier
    | Points
    | ConsentNow
)


@dataclass(frozen=True, slots=True)
class Hold:
    """How long (ms) a condition must hold before a segment is entered, and must have ceased before it is left."""

    enter: int = 0
    leave: int = 0


@dataclass(frozen=True, slots=True)
class SegmentDefinition:
    """identity: hash of the meaning (title left out), the `definition` of every decision it makes. loud: what a changed
    topology makes of it is not silent."""

    name: str
    when: Condition
    identity: str
    title: str = ""
    hold: Hold | None = None
    loud: bool = False


@dataclass(frozen=True, slots=True)
class Plan:
    """All that is decided, and the facts of the shop that deciding needs.

    rates: currency -> value of one unit in the shop's currency, in millionths.
    digest: hash of all meanings; a shopper decided under another one is evaluated anew.
    links: whether carts and products keep and tell where they are found (commerce/link.py).
    identities: None where ids are shoppers as sent; they are no part of the digest, as they decide of what is to come.
    intake, hot_keys: None where all is taken as it comes; no part of the digest either.
    inactive: ms without an event, after which a record ends; None: records stay.
    live_from: ms; what is decided before is history: silent, and no message is asked for. It is no part of the digest.
    """

    name: str
    digest: str
    timezone: str = "UTC"
    currency: str = "EUR"
    rates: dict[str, int] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    future_skew: int = 300_000
    late_segments: int = 604_800_000
    late_triggers: int = 172_800_000
    segments: tuple[SegmentDefinition, ...] = ()
    abandonments: tuple[AbandonmentDefinition, ...] = ()
    programmes: tuple[ProgrammeDefinition, ...] = ()
    rfm: RfmScale | None = None
    journey: JourneyDefinition | None = None
    traits: tuple[TraitDefinition, ...] = ()
    messaging: MessagingDefinition | None = None
    consent: ConsentDefinition | None = None
    free_shipping_from: int | None = None
    links: bool = False
    identities: IdentityDefinition | None = None
    erasure: ErasureDefinition | None = None
    inactive: int | None = None
    intake: IntakeDefinition | None = None
    hot_keys: HotKeyDefinition | None = None
    live_from: int = 0

    @property
    def ends_records(self) -> bool:
        """Whether a shopper's record may ever end."""
        return self.erasure is not None or self.inactive is not None

    def conditions(self) -> Iterator[Condition]:
        """Every condition: of segments, stages, and the guards of abandonment rules and of messages."""
        yield from (segment.when for segment in self.segments)
        guards = [stage.when for stage in (self.journey.stages if self.journey is not None else ())]
        guards += (guard for rule in self.abandonments for guard in (rule.when, rule.unless))
        guards += (message.unless for message in (self.messaging.messages if self.messaging is not None else ()))
        yield from (one for one in guards if one is not None)
