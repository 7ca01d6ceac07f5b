"""What an event costs whose window holds many elements: 10 to 10,000, the bound of a window, by kind of aggregate."""

from collections.abc import Callable
from functools import partial

import msgspec

from benchmarks.growth.growth import Growth, Scale, alternating, cpu_seconds
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Aggregate, Bound, Plan, SegmentDefinition, Selection
from pipeline.domain.event import Event
from pipeline.domain.segments.window import Window
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY
from pipeline.state.record import RecordCodec

SIZES = (10, 100, 1_000, 10_000)
START = 20_000 * DAY
MICRO = 1_000_000
EVERY = 100
"""ms between two elements."""


def measure(scale: Scale) -> Growth:
    sizes = SIZES if scale == "full" else SIZES[:3]
    events, repeats = (20, 5) if scale == "full" else (5, 1)
    found = Growth(
        "Elements in a window",
        "elements",
        "One segment with a sliding aggregate of a day, one shopper whose window holds so many elements already; CPU "
        "of deciding one more event, whose truth has to look for the instant at which it ends, and of the record's way "
        "to and from its stored form. Bounds are such that truth ends only when most elements have left: the most that "
        "can be asked.",
        "bounded: no window keeps more than 10,000 elements",
    )
    works: dict[tuple[str, int], Callable[[], float]] = {}
    for size in sizes:
        for name, aggregate in _aggregates(size).items():
            engine, shopper = _filled(aggregate, size)
            works[name, size] = partial(_cost, engine, shopper, size, events)
            found.add("KiB of the record", name, size, [len(RecordCodec().encode(shopper)) / 1024], 1)
    for (name, size), costs in alternating(repeats, works).items():
        found.add("us an event", name, size, costs, 1)
    return found


def _aggregates(size: int) -> dict[str, Aggregate]:
    def over(function: str, *bounds: Bound, of: str | None = "price") -> Aggregate:
        return Aggregate(function, Selection(("Product Viewed",)), bounds, DAY, None if of is None else (of,))

    # Prices are 1 to 9, one 1 among the latest and one 9: truth holds until nearly all have left.
    return {
        "count": over("count", Bound("at_least", (size,)), of=None),
        "count between": over("count", Bound("between", (1, size - 1)), of=None),
        "distinct": over("distinct", Bound("at_least", (size,)), of="product"),
        "sum": over("sum", Bound("at_least", (MICRO,))),
        "avg": over("avg", Bound("at_least", (MICRO,))),
        "min": over("min", Bound("at_least", (MICRO,))),
        "max": over("max", Bound("at_least", (MICRO,))),
    }


def _filled(aggregate: Aggregate, size: int) -> tuple[Engine, Shopper]:
    """An engine of one segment, and a shopper whose window is filled without asking it each time."""
    segment = SegmentDefinition("long", aggregate, identity="0" * 32)
    engine = Engine(Plan(name="growth", digest="1" * 64, segments=(segment,)))
    shopper, window = Shopper(), Window(aggregate)
    engine.decide(shopper, _event(0), _event(0).received)
    for number in range(1, size):
        event = _event(number)
        window.take(shopper, event.time, msgspec.json.decode(event.properties), [])
    return engine, shopper


def _event(number: int) -> Event:
    at = START + number * EVERY
    properties = msgspec.json.encode({"price": 1 + number % 9, "product": f"p{number}"})
    return Event("track", "Product Viewed", "u", at, at, f"m-{number}", number, msgspec.Raw(properties))


def _cost(engine: Engine, shopper: Shopper, size: int, events: int) -> float:
    """CPU microseconds an event, on a copy of the record."""
    codec = RecordCodec()
    value = codec.encode(shopper)
    following = [_event(size + number) for number in range(events)]

    def work() -> None:
        nonlocal value
        for event in following:
            held = codec.decode(value)
            engine.decide(held, event, event.received)
            value = codec.encode(held)

    return cpu_seconds(work) / events * 1e6
