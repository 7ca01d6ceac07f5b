"""Which timers a rule may set, in words: the instants at which it changes without an event."""

from collections.abc import Iterator

from pipeline.config.duration import format_duration
from pipeline.config.kept_state import event_words
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    AnyOf,
    Bound,
    Condition,
    Edge,
    Not,
    Purchases,
    SegmentDefinition,
    Sequence,
    Trait,
)
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScale, RfmScore, Stage, TraitDefinition
from pipeline.domain.loyalty_definition import ANNIVERSARY, BIRTHDAY, ProgrammeDefinition, Span
from pipeline.domain.standing_definition import Tier
from pipeline.domain.value.month import NOW
from pipeline.domain.window_definition import Calendar

_TRUE, _FALSE = "enters", "leaves"


def segment_timers(segment: SegmentDefinition) -> Iterator[str]:
    """Timers of a segment: those of its condition, and of its hold."""
    yield from condition_timers(segment.when)
    hold = segment.hold
    if hold is not None and hold.enter:
        yield f"enters {format_duration(hold.enter)} after the condition came true, if it stays true"
    if hold is not None and hold.leave:
        yield f"leaves {format_duration(hold.leave)} after the condition ceased to be true, if it stays untrue"


def condition_timers(condition: Condition, negated: bool = False) -> Iterator[str]:
    """Timers of a condition. negated: the condition stands under a `not`, which turns entering and leaving round."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from condition_timers(part, negated)
        case Not(of):
            yield from condition_timers(of, not negated)
        case Aggregate(within=Calendar(unit)) | Purchases(within=Calendar(unit)):
            yield f"may change as the {unit} ends in the shopper's zone, after an event in it"
        case Aggregate(within=int(within)) if condition.function in ("count", "distinct"):
            what = event_words(condition.selection)
            if condition.function == "distinct":
                what = f"distinct {'.'.join(condition.property or ())} of {what}"
            yield from _counted(condition.bounds, within, what, negated)
        case Aggregate(within=int(within)):
            what = f"{condition.function} of {'.'.join(condition.property or ())} of {event_words(condition.selection)}"
            yield from _measured(condition.bounds, within, what, negated)
        case Purchases(within=int(within)):
            if condition.measure == "orders":
                yield from _counted(condition.bounds, within, "order", negated)
            else:
                yield from _measured(condition.bounds, within, condition.measure.replace("_", " "), negated)
        case Sequence() if condition.steps[-1].absent:
            first, last = (event_words(condition.steps[end].selection) for end in (0, -1))
            span = format_duration(condition.within)
            yield f"{_turned(_TRUE, negated)} {span} after {first}, unless {last} ended the sequence"
        case Edge() | Trait():
            yield from _dated(condition, negated)
        case Computed(trait=TraitDefinition() as trait):
            yield from trait_timers(trait)
        case Stage(journey=JourneyDefinition() as journey):
            yield from journey_timers(journey)
        case Tier(name, programme=ProgrammeDefinition() as programme):
            for timer in programme_timers(programme):
                yield f"may change as the tier of {name} does: {timer}"
        case RfmScore(recency=recency, scale=RfmScale() as scale) if recency:
            spans = ", ".join(format_duration(span) for span in dict.fromkeys(scale.recency))
            yield f"recency falls {spans} after the latest order"


def trait_timers(trait: TraitDefinition) -> Iterator[str]:
    """Timers of a computed trait."""
    if isinstance(trait.within, Calendar):
        yield f"may change as the {trait.within.unit} ends in the shopper's zone, after an event in it"
    elif isinstance(trait.within, int):
        what = event_words(trait.selection) if trait.selection is not None else "order"
        yield f"may change {format_duration(trait.within)} after each {what}"
    if trait.emit == "daily":
        yield "told at the end of a day of the shop, if it has changed"


def journey_timers(journey: JourneyDefinition) -> Iterator[str]:
    """Timers of the journey: those of each stage's condition."""
    for stage in journey.stages:
        for timer in condition_timers(stage.when) if stage.when is not None else ():
            yield f"{stage.name}: {timer}"


def abandonment_timers(rule: AbandonmentDefinition) -> Iterator[str]:
    """Timers of an abandonment rule, in the order in which they come."""
    activity = "own activity" if rule.resets_on == "own_activity" else "activity"
    for number, delay in enumerate(rule.stages, 1):
        since = f"the last {activity}" if number == 1 else f"stage {number - 1}"
        yield f"stage {number} {format_duration(delay)} after {since}"
    yield f"expires {format_duration(rule.expires)} after the last own activity"
    yield f"closes {format_duration(rule.recovered_within)} after the last stage"


def programme_timers(programme: ProgrammeDefinition) -> Iterator[str]:
    """Timers of the tiers of a loyalty programme."""
    if programme.term is not None:
        yield f"review {format_span(programme.term)} after a level above the lowest was reached"
        for notice in programme.notices:
            yield f"notice {format_duration(notice)} before the review, below keep only"
    elif programme.calendar:
        yield f"below keep as the {programme.calendar} ends in the shop's zone"
    elif programme.anniversary:
        yield "below keep as a year of the member ends"
    elif programme.window is not None:
        yield f"below keep {format_duration(programme.window)} after the order whose leaving the window decides it"
    if programme.grace != Span():
        yield f"downgrade {format_span(programme.grace)} after keep was missed"


def points_timers(programme: ProgrammeDefinition) -> Iterator[str]:
    """Timers of the points of a loyalty programme."""
    for earning in programme.earn:
        if earning.on in (BIRTHDAY, ANNIVERSARY):
            yield f"bonus of {earning.on} at 00:00 in the shopper's zone"
    if programme.confirm_after is not None:
        yield f"confirms points {format_duration(programme.confirm_after)} after their order"
    rule = programme.expire
    if rule is None:
        return
    span, what = (
        (rule.after, "their order or event") if rule.after is not None else (rule.inactive, "the last movement")
    )
    end = f", at the end of the {rule.at}" if rule.at else ""
    yield f"points expire {format_span(span or Span())} after {what}{end}"
    for notice in rule.notices:
        yield f"tells of points {format_duration(notice)} before they expire"


def format_span(span: Span) -> str:
    """A span with its calendar part: `12 months`, `1 month and 10d`."""
    months = f"{span.months} month{'s' if span.months > 1 else ''}" if span.months else ""
    return " and ".join(part for part in (months, format_duration(span.ms) if span.ms or not months else "") if part)


def _counted(bounds: tuple[Bound, ...], within: int, what: str, negated: bool) -> Iterator[str]:
    """A count falls by one when an element is as old as the window: n-th latest + window (semantics.md, part 3)."""
    window = format_duration(within)
    for bound in bounds:
        value = bound.values[0]
        if bound.op in ("at_least", "more_than"):
            nth, verb = value + (bound.op == "more_than"), _FALSE
        elif bound.op in ("at_most", "less_than"):
            nth, verb = value + (bound.op == "at_most"), _TRUE
        else:
            yield f"may change {window} after one of the {max(bound.values) + 1:,} latest {what}"
            continue
        if nth:
            yield f"{_turned(verb, negated)} {window} after the {ordinal(nth)}latest {what}"


def _measured(bounds: tuple[Bound, ...], within: int, what: str, negated: bool) -> Iterator[str]:
    for bound in bounds:
        verb = {"at_least": _FALSE, "more_than": _FALSE, "at_most": _TRUE, "less_than": _TRUE}.get(bound.op)
        does = _turned(verb, negated) if verb and what == "spend" else "may change"
        yield f"{does} {format_duration(within)} after a value whose end takes {what} over its bound"


def _dated(condition: Edge | Trait, negated: bool) -> Iterator[str]:
    if isinstance(condition, Trait):
        what = f"the date in trait {'.'.join(condition.path)}"
    else:
        which = "first" if condition.function == "first" else "latest"
        whose = "" if condition.property == TIME_PROPERTY else f"the {'.'.join(condition.property)} of "
        what = f"{whose}the {which} {event_words(condition.selection)}"
    for test in condition.tests:
        if test.op == "within" and isinstance(test.operand, int):
            yield f"{_turned(_FALSE, negated)} {format_duration(test.operand)} after {what}"
        if test.op == "month" and isinstance(test.operand, tuple) and NOW in test.operand:
            yield f"{_turned(_TRUE, negated)} as the month of {what} begins, {_turned(_FALSE, negated)} as it ends"


def _turned(verb: str, negated: bool) -> str:
    return verb if not negated else _TRUE if verb == _FALSE else _FALSE


def ordinal(number: int) -> str:
    """`5th `; nothing for the first, as the latest is the latest."""
    if number == 1:
        return ""
    ending = "th" if 10 <= number % 100 <= 20 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return f"{number:,}{ending} "
