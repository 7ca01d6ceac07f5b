"""What a condition keeps of a shopper, in words."""

from collections.abc import Iterator

from pipeline.config.duration import format_duration
from pipeline.config.window import window_words
from pipeline.domain.commerce.order_book import ORDERS
from pipeline.domain.consent_definition import ConsentNow
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    AnyOf,
    CartNow,
    Condition,
    Edge,
    Not,
    Purchases,
    Selection,
    Sequence,
    Trait,
)
from pipeline.domain.derived_definition import Computed, JourneyDefinition, RfmScore, Stage, TraitDefinition
from pipeline.domain.messaging.contact import PUSH, contact_traits
from pipeline.domain.messaging.word import DEVICES
from pipeline.domain.messaging.word import LIMIT as WORDS
from pipeline.domain.segments.most_frequent import VALUES
from pipeline.domain.segments.sequence import LIMIT as SEQUENCE_LIMIT
from pipeline.domain.segments.trait_value import aggregate_of
from pipeline.domain.segments.window import LIMIT, keep_for
from pipeline.domain.standing_definition import Points, Tier
from pipeline.domain.window_definition import Calendar, Since, Within

ORDER_BOOK = f"the order book: time, value and refunds of the latest {ORDERS:,} orders, and totals of those before"


def event_words(selection: Selection) -> str:
    """The events of a selection as people call them: `Product Viewed or Product Added (where category)`."""
    names = "event of any kind" if selection.events == ("*",) else " or ".join(selection.events)
    paths = ", ".join(".".join(each.path) for each in selection.where)
    return f"{names} (where {paths})" if paths else names


def kept(condition: Condition) -> Iterator[str]:
    """Each piece of state that the condition needs, one phrase each."""
    match condition:
        case All(of) | AnyOf(of):
            for part in of:
                yield from kept(part)
        case Not(of):
            yield from kept(of)
        case Aggregate():
            yield _aggregate(condition)
            yield from kept_of_window(condition.within)
        case Edge():
            yield _edge(condition)
        case Sequence():
            yield _sequence(condition)
        case Trait():
            yield f"trait {condition.path[0]}"
        case Purchases():
            yield ORDER_BOOK
            yield from kept_of_window(condition.within)
        case RfmScore():
            yield ORDER_BOOK
        case Stage(journey=JourneyDefinition(stages)):
            for stage in stages:
                yield from kept(stage.when) if stage.when is not None else ()
        case Computed(trait=TraitDefinition() as trait):
            yield kept_of_trait(trait)
            yield from kept_of_window(trait.within)
        case Tier(name) | Points(name):
            yield f"the standing in loyalty programme {name}"
        case CartNow():
            yield "the lines of the open carts"
        case ConsentNow():
            yield f"the latest word on consent of each address, channel and purpose, at most {WORDS}"
            yield from (f"trait {name}" for name in contact_traits(condition.channel))
            if condition.channel == PUSH:
                yield f"push tokens of the {DEVICES} latest devices"


def kept_of_window(within: Within) -> Iterator[str]:
    """The state that tells where a window begins."""
    match within:
        case Calendar():
            yield "the shopper's time zone"
        case Since(events):
            yield _edge(Edge("last", Selection(events), TIME_PROPERTY, ()))


def kept_of_trait(trait: TraitDefinition) -> str:
    """The state that a computed trait needs, with its bound."""
    selection, function, name = trait.selection, trait.function, ".".join(trait.property or ())
    if selection is None:
        return ORDER_BOOK
    if function in ("first", "last"):
        return _edge(Edge(function, selection, trait.property or (), ()))
    if function == "most_frequent":
        times = f", with at most {LIMIT:,} times" if trait.within else ""
        return f"number of each {name} of {event_words(selection)}, of at most {VALUES:,} values{times}"
    return _aggregate(aggregate_of(trait, selection))


def _aggregate(aggregate: Aggregate) -> str:
    events, keep, name = (
        event_words(aggregate.selection),
        keep_for(aggregate.bounds),
        ".".join(aggregate.property or ()),
    )
    within = window_words(aggregate.within)
    match aggregate.function, bool(within):
        case "count", True:
            return f"latest {_some(keep, 'timestamp')} of {events}"
        case "count", False:
            return f"number of {events}"
        case "distinct", True:
            return f"latest {_some(keep, 'distinct value')} of {name} of {events}, with their times"
        case "distinct", False:
            return f"first {_some(keep, 'distinct value')} of {name} of {events}"
        case function, True:
            return f"every (time, {name}) of {events} {within}, at most {LIMIT:,}, for {function}"
        case "avg", False:
            return f"sum and number of {name} of {events}"
        case function, _:
            return f"{function} of {name} of {events}"


def _sequence(sequence: Sequence) -> str:
    events = " or ".join(dict.fromkeys(event_words(step.selection) for step in sequence.steps))
    same = f", with {', '.join('.'.join(path) for path in sequence.same)}" if sequence.same else ""
    span = format_duration(sequence.within)
    return f"time of every {events} of the latest {span} + time.late.segments{same}, at most {SEQUENCE_LIMIT:,}"


def _edge(edge: Edge) -> str:
    which = "first" if edge.function == "first" else "latest"
    what = "time" if edge.property == TIME_PROPERTY else ".".join(edge.property)
    return f"{what} of the {which} {event_words(edge.selection)}"


def _some(number: int, noun: str) -> str:
    return noun if number == 1 else f"{number:,} {noun}s"
