"""How the cost of an event grows with the number of segments: decide, and the record from and to its stored form."""

import gc
import random
import time
from collections.abc import Callable
from functools import partial

import msgspec

from benchmarks.growth.growth import Growth, Scale, alternating
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Aggregate, Bound, Filter, Plan, SegmentDefinition, Selection, Test
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, HOUR
from pipeline.state.record import RecordCodec

COUNTS = (1, 10, 100, 1_000)
TOUCHED = 10
SHOPPERS = 1_000
BATCH = 5_000
START = 20_000 * DAY


def by_name(number: int) -> Selection:
    return Selection((f"Event {number}",))


def by_value(number: int) -> Selection:
    return Selection(("Product Viewed",), (Filter(("category",), (Test("is", f"c{number}"),)),))


def plan(count: int, selection: Callable[[int], Selection]) -> Plan:
    """Segments of at least three events within an hour, each over events of its own."""
    segments = (
        SegmentDefinition(
            f"segment-{number}",
            Aggregate("count", selection(number), (Bound("at_least", (3,)),), within=HOUR),
            identity=f"{number:032x}",
        )
        for number in range(count)
    )
    return Plan(name="growth", digest=f"{count:064x}", segments=tuple(segments))


def stream(events: int, kinds: int, *, named: bool) -> list[Event]:
    """Events of so many kinds, each of which one segment reads."""
    choose = random.Random(1)
    made = []
    for number in range(events):
        kind, at = choose.randrange(kinds), START + number * 100
        name = f"Event {kind}" if named else "Product Viewed"
        properties = msgspec.Raw(msgspec.json.encode({"category": f"c{kind}", "price": 9.5}))
        shopper = f"u{choose.randrange(SHOPPERS)}"
        made.append(Event("track", name, shopper, at, at, f"m-{number}", number, properties))
    return made


def cost(engine: Engine, events: list[Event]) -> float:
    """CPU microseconds an event, of the second half."""
    codec = RecordCodec()
    stored: dict[str, bytes] = {}
    begun, half = 0.0, len(events) // 2
    for first in range(0, len(events), BATCH):
        if first == half:
            begun = time.process_time()
        touched: dict[str, Shopper] = {}
        for event in events[first : first + BATCH]:
            shopper = touched.get(event.shopper)
            if shopper is None:
                value = stored.get(event.shopper)
                shopper = touched[event.shopper] = Shopper() if value is None else codec.decode(value)
            engine.decide(shopper, event, event.received)
        stored.update((key, codec.encode(shopper)) for key, shopper in touched.items())
    return (time.process_time() - begun) / half * 1e6


def measure(scale: Scale) -> Growth:
    events, repeats = (20_000, 5) if scale == "full" else (10_000, 1)
    found = Growth(
        "Segments that exist",
        "segments",
        "CPU time an event to decide, and to read and write the record once a batch of 5,000, in process, second half "
        "of the events. Every event is read by one segment of as many as there are. Ten used: events of the ten first "
        "segments only. One name: the same, but all segments read one event name and tell its events apart by a "
        "filter's value. All used: events of all of them, so that a shopper's record grows, too.",
        "ten used: 1,000 segments cost at most 1.3 times what 10 do",
    )
    shapes: dict[str, tuple[Callable[[int], Selection], bool, int]] = {
        "ten used": (by_name, True, TOUCHED),
        "ten used, one name": (by_value, False, TOUCHED),
        "all used": (by_name, True, COUNTS[-1]),
    }
    works: dict[tuple[str, int], Callable[[], float]] = {}
    for count in COUNTS:
        begun = time.process_time()
        selections: tuple[Callable[[int], Selection], ...] = (by_name, by_value)
        engines = {selection: Engine(plan(count, selection)) for selection in selections}
        found.add("seconds to compile the topology's rules", "rules", count, [(time.process_time() - begun) / 2], 3)
        for shape, (selection, named, most) in shapes.items():
            calls = stream(events, min(count, most), named=named)
            works[shape, count] = partial(cost, engines[selection], calls)
    gc.collect()
    gc.disable()
    for (shape, count), costs in alternating(repeats, works).items():
        found.add("us an event", shape, count, costs)
    gc.enable()
    return found
