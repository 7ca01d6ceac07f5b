"""Segments: membership per shopper, moved by the events a segment reads and by its own timer, never by a scan."""

from collections.abc import Iterable, Sequence

from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.decision import KIND_DEFINITION_CHANGE, SEGMENT_CHANGES, Decision, Moment
from pipeline.domain.definition import (
    Aggregate,
    All,
    AnyOf,
    CartNow,
    Condition,
    Edge,
    Member,
    Not,
    Purchases,
    Trait,
)
from pipeline.domain.definition import SegmentDefinition as Definition
from pipeline.domain.definition import Sequence as Steps
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScore, Stage, TraitDefinition
from pipeline.domain.loyalty_definition import (
    OCCASIONS,
    REDEMPTION_EVENTS,
    REVIEW_EVENTS,
    TIER_EVENTS,
    ProgrammeDefinition,
)
from pipeline.domain.segments.condition import Conditions, Look
from pipeline.domain.segments.filter_index import Discriminator, discriminator
from pipeline.domain.segments.hold import HoldWatch
from pipeline.domain.shopper import Membership, Shopper
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.window_definition import Calendar, Since, Within

CART = "$cart"
ORDERS = "$orders"
TRAITS = "$traits"
ZONE = "$zone"
CONSENT = "$consent"
REFERRED = "$referred"
"""A friend's event, for the one who referred."""


def reads(condition: Condition) -> Iterable[str]:
    """What may change the condition's truth: event names, CART, ORDERS, TRAITS, CONSENT, REFERRED, ZONE (that the
    shopper lives in), and `in:NAME` of other segments."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from reads(part)
        case Not(of):
            yield from reads(of)
        case Aggregate():
            yield from condition.selection.events
            yield from window_reads(condition.within)
        case Edge():
            yield from condition.selection.events
        case Steps():
            for step in condition.steps:
                yield from step.selection.events
        case Trait():
            yield TRAITS
        case Purchases():
            yield ORDERS
            yield from window_reads(condition.within)
        case RfmScore():
            yield ORDERS
        case Tier(programme=programme) | Points(programme=programme):
            yield ORDERS
            yield from earning_reads(programme) if programme is not None else ()
        case CartNow():
            yield CART
        case ConsentNow():
            yield from (CONSENT, TRAITS)
        case Member(segment):
            yield f"in:{segment}"
        case Computed(trait=TraitDefinition() as trait):
            yield from trait_reads(trait)
        case Stage(journey=JourneyDefinition(stages)):
            for stage in stages:
                yield from reads(stage.when) if stage.when is not None else ()


def earning_reads(programme: ProgrammeDefinition) -> Iterable[str]:
    """What, beside orders, may move the points of a programme, or when they next move, as in `reads`."""
    for rule in programme.earn:
        if rule.on in OCCASIONS:
            yield from (TRAITS, ZONE)
        elif not rule.per:
            yield rule.on
        if rule.also:
            yield REFERRED
    yield from REDEMPTION_EVENTS
    yield from TIER_EVENTS
    yield from (level.granted_by for level in programme.levels if level.granted_by)
    if programme.review is not None:
        yield from REVIEW_EVENTS


def trait_reads(trait: TraitDefinition) -> Iterable[str]:
    """What may change a computed trait, as in `reads`."""
    yield from trait.selection.events if trait.selection is not None else (ORDERS,)
    yield from window_reads(trait.within)


def window_reads(within: Within) -> Iterable[str]:
    """What may move a window, as in `reads`."""
    match within:
        case Calendar():
            yield ZONE
        case Since(events):
            yield from events


def discriminator_of(condition: Condition) -> Discriminator | None:
    """What an event must show to change the condition's truth, if it is a single aggregate.

    None of those whose window forgets, when looked at, what has expired, and of those of several parts: what is due
    next depends on when they are looked at. An index that left them out would change what is stored of them.
    """
    while isinstance(condition, Not):
        condition = condition.of
    if not isinstance(condition, Aggregate):
        return None
    if isinstance(condition.within, int) and condition.function not in ("count", "distinct"):
        return None
    return discriminator(condition.selection)


def beginnings(condition: Condition) -> Iterable[str]:
    """Events that change the truth of a single aggregate without showing what its discriminator asks for."""
    while isinstance(condition, Not):
        condition = condition.of
    if isinstance(condition, Aggregate) and isinstance(condition.within, Since):
        yield from condition.within.events


class Segment:
    """One segment, compiled. rank: its place in an order in which every segment comes after those it refers to.
    of_nothing: true of an empty record. discriminator, beginnings: see those functions. hold: its damping or None."""

    __slots__ = (
        "beginnings",
        "definition",
        "dependants",
        "discriminator",
        "hold",
        "look",
        "name",
        "of_nothing",
        "rank",
        "reads",
    )

    def __init__(self, definition: Definition, look: Look) -> None:
        self.definition = definition
        self.name = definition.name
        self.look = look
        self.rank = 0
        # Truth of an empty record does not depend on time: a new shopper need not be asked about the others.
        self.of_nothing = look(Shopper(), 0)[0]
        self.discriminator = discriminator_of(definition.when)
        self.beginnings = frozenset(beginnings(definition.when))
        self.hold = HoldWatch(definition) if definition.hold is not None else None
        self.reads = frozenset(reads(definition.when))
        self.dependants: tuple[Segment, ...] = ()


class Segments:
    """The policy over all segments of a plan."""

    def __init__(self, definitions: Sequence[Definition], conditions: Conditions) -> None:
        segments = [Segment(one, conditions.compile(one.when)) for one in definitions]
        for one in segments:
            if one.hold is not None:
                conditions.claim(one.hold.key, ("hold", one.name))
        self.all = _ranked(segments)
        self._by_name = {one.name: one for one in self.all}
        for rank, segment in enumerate(self.all):
            segment.rank = rank
            segment.dependants = tuple(one for one in self.all if f"in:{segment.name}" in one.reads)

    def touched_by(self, causes: Iterable[str], *, new: bool = False) -> tuple[Segment, ...]:
        """Segments whose truth these causes (see `reads`) may change, with all that refer to them, in rank order.

        new: of a shopper seen for the first time, who enters what is true of an empty record, too.
        """
        wanted = frozenset(causes)
        touched: list[Segment] = []
        reasons = set(wanted)
        for segment in self.all:
            if (new and segment.of_nothing) or not reasons.isdisjoint(segment.reads):
                touched.append(segment)
                reasons.add(f"in:{segment.name}")
        return tuple(touched)

    def evaluate(self, shopper: Shopper, moment: Moment, segments: Sequence[Segment]) -> None:
        """Look at these segments (in rank order) at moment.now; decide each change; keep dues."""
        memberships, now = shopper.memberships, moment.now
        for segment in segments:
            truth, due = segment.look(shopper, now)
            membership = memberships.get(segment.name)
            if membership is None:
                if not truth and not due:
                    continue
                membership = memberships[segment.name] = Membership()
            if segment.hold is not None:
                truth, due = segment.hold.damp(shopper, membership.member, truth, due, moment)
            if membership.due != due:
                self._move_due(shopper, membership, due)
            if truth is not membership.member:
                membership.member = truth
                decision = self._change(moment, segment.name, segment.definition.identity, membership)
                if segment.definition.loud and moment.cause_kind == KIND_DEFINITION_CHANGE:
                    decision.silent = False

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        """Look at the segments due at moment.now, and at those that refer to one that changed."""
        now = moment.now
        due = (self._by_name.get(name) for name, one in shopper.memberships.items() if 0 < one.due <= now)
        pending = {segment.rank: segment for segment in due if segment is not None}
        while pending:
            segment = pending.pop(min(pending))
            before = len(moment.decisions)
            self.evaluate(shopper, moment, (segment,))
            if len(moment.decisions) > before:
                pending.update((one.rank, one) for one in segment.dependants)

    def adopt(self, shopper: Shopper, moment: Moment) -> None:
        """Take the record over from another plan: leave segments that are gone, look at all there are."""
        for name, membership in shopper.memberships.items():
            if name not in self._by_name:
                # The sequence stays: should the segment come back, its decisions must not repeat an id.
                membership.due = 0
                if membership.member:
                    membership.member = False
                    self._change(moment, name, "removed", membership)
        self.evaluate(shopper, moment, self.all)
        shopper.segments_due = _least_due(shopper)

    def leave(self, shopper: Shopper, moment: Moment) -> None:
        """The record is to be no shopper's any more: leave them all."""
        for name, membership in shopper.memberships.items():
            if membership.member:
                membership.member = False
                segment = self._by_name.get(name)
                self._change(moment, name, segment.definition.identity if segment else "removed", membership)

    def _change(self, moment: Moment, name: str, identity: str, membership: Membership) -> Decision:
        membership.sequence += 1
        membership.since = moment.now
        change = "entered" if membership.member else "exited"
        fields = {"segment": name, "change": change, "sequence": membership.sequence}
        return moment.decide(SEGMENT_CHANGES, f"segment.{change}", identity, (name, membership.sequence), fields)

    def _move_due(self, shopper: Shopper, membership: Membership, due: int) -> None:
        was, membership.due = membership.due, due
        least = shopper.segments_due
        if due and (due < least or not least):
            shopper.segments_due = due
        elif was == least:
            shopper.segments_due = _least_due(shopper)


def _least_due(shopper: Shopper) -> int:
    least = 0
    for membership in shopper.memberships.values():
        due = membership.due
        if due and (due < least or not least):
            least = due
    return least


def _ranked(segments: list[Segment]) -> tuple[Segment, ...]:
    """Every segment after those it refers to; else as declared. Raises ValueError on a cycle or an unknown segment."""
    ranked: dict[str, Segment] = {}
    waiting = list(segments)
    while waiting:
        ready = [
            one for one in waiting if all(read[3:] in ranked for read in one.reads if read.startswith("in:"))
        ]  # fmt: skip
        if not ready:
            raise ValueError("segments refer to each other in a cycle: " + ", ".join(one.name for one in waiting))
        for one in ready:
            ranked[one.name] = one
        waiting = [one for one in waiting if one.name not in ranked]
    return tuple(ranked.values())
