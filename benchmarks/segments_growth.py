"""How the cost of an event grows with the number of segments: decide, and the record from and to its stored form.

Usage: python -m benchmarks.segments_growth [--events 20000] [--repeats 3]
"""

import argparse
import gc
import random
import time
from collections.abc import Callable

import msgspec

from benchmarks.result import record, spread
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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=3)
    given = parser.parse_args()
    events = given.events // (2 * BATCH) * 2 * BATCH
    gc.disable()
    shapes: dict[str, tuple[Callable[[int], Selection], bool, int]] = {
        "exist": (by_name, True, TOUCHED),
        "spread": (by_name, True, COUNTS[-1]),
        "one_name": (by_value, False, TOUCHED),
    }
    figures: dict[str, dict[str, float]] = {}
    for count in COUNTS:
        begun = time.process_time()
        engines = {selection: Engine(plan(count, selection)) for selection in (by_name, by_value)}
        figures[f"compile_seconds_{count}"] = spread([(time.process_time() - begun) / 2], 2)
        for shape, (selection, named, most) in shapes.items():
            calls = stream(events, min(count, most), named=named)
            costs = [cost(engines[selection], calls) for _ in range(given.repeats)]
            figures[f"{shape}_{count}_us"] = spread(costs, 2)
    record(
        "segments_growth",
        "Thread CPU time an event to decide, and to read and write the record once a batch, in process. Every event is "
        "read by one segment of as many as there are. exist: events of the ten first segments only; spread: of all "
        "of them, so that a shopper's record grows, too; one_name: as exist, but all segments read one event name and "
        "tell its events apart by a filter's value.",
        "exist: 1,000 segments cost at most 1.3 times what 10 do",
        {"events": events, "repeats": given.repeats, **figures},
    )


if __name__ == "__main__":
    main()
