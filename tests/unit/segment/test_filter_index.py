"""An index of rules by the value that their filter asks for changes what an event costs, and nothing else."""

from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.domain import reading
from pipeline.domain.decide import Engine
from pipeline.domain.definition import (
    TIME_PROPERTY,
    Aggregate,
    All,
    Bound,
    Condition,
    Filter,
    Member,
    Not,
    Number,
    Plan,
    SegmentDefinition,
    Selection,
    Test,
)
from pipeline.domain.event import Event
from pipeline.domain.segments.filter_index import FilterIndex, discriminator, shown
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, HOUR
from pipeline.domain.value.operator import equality_keys
from pipeline.domain.window_definition import Calendar, Since, Within

T = 20_000 * DAY
COLOURS: tuple[Any, ...] = ("red", "blue", 7, "7", ["red", "green"], None, {"a": 1}, True)


def of(*tests: Test, every: bool = False) -> Selection:
    return Selection(("Product Viewed",), (Filter(("colour",), tests, every),))


def count(selection: Selection, op: str, value: int, within: Within = HOUR) -> Aggregate:
    return Aggregate("count", selection, (Bound(op, (value,)),), within)


def plan() -> Plan:
    red, blue = of(Test("is", "red")), of(Test("in", ("blue", Number(7_000_000))))
    anything = Selection(("*",), (Filter(("colour",), (Test("is", True),)),))
    conditions: list[Condition] = [
        count(red, "at_least", 2),
        count(red, "less_than", 3),
        Not(count(blue, "is", 2)),
        count(of(Test("is", "green")), "at_least", 1, within=None),
        Aggregate("distinct", blue, (Bound("at_least", (2,)),), HOUR, ("price",)),
        Aggregate("sum", red, (Bound("more_than", (15_000_000,)),), HOUR, ("price",)),
        Aggregate("max", blue, (Bound("at_least", (9_000_000,)),), HOUR, ("price",)),
        All((count(red, "at_least", 1), count(blue, "at_least", 1))),
        count(of(Test("is_not", "red")), "at_least", 2),
        count(of(Test("is", "red"), every=True), "at_least", 2),
        count(anything, "at_least", 1),
        count(red, "at_least", 2, within=Calendar("day")),
        Aggregate("sum", blue, (Bound("more_than", (15_000_000,)),), Calendar("day"), ("price",)),
        count(blue, "at_least", 2, within=Since(("Other",))),
        count(red, "at_least", 2, within=Since(("Product Viewed",))),
        Member("segment-0"),
        Not(Member("segment-1")),
    ]
    segments = (SegmentDefinition(f"segment-{number}", one, f"{number:032x}") for number, one in enumerate(conditions))
    return Plan(name="shop", digest="a" * 64, late_segments=2 * HOUR, segments=tuple(segments))


def events(random: Random) -> list[Event]:
    made, now = [], T
    for number in range(300):
        now += random.choice((0, 1, 60_000, HOUR // 2))
        at = now - random.choice((0, 0, 5 * 60_000, 3 * HOUR))
        properties = {"colour": random.choice(COLOURS), "price": random.randint(1, 9)}
        name = random.choice(("Product Viewed", "Product Viewed", "Other"))
        raw = msgspec.Raw(msgspec.json.encode(properties))
        made.append(Event("track", name, random.choice("abc"), at, now, f"m{number}", number, raw))
    return made


def run(engine: Engine, stream: list[Event]) -> tuple[list[bytes], list[bytes]]:
    """Every decision, and every record after every event."""
    shoppers: dict[str, Shopper] = {}
    decisions, records = [], []
    for event in stream:
        shopper = shoppers.setdefault(event.shopper, Shopper())
        decisions += [msgspec.json.encode(one) for one in engine.decide(shopper, event, event.received).decisions]
        records.append(msgspec.msgpack.encode(shopper))
    return decisions, records


@pytest.mark.parametrize("seed", range(20))
def test_an_engine_with_the_index_stores_and_decides_the_same_bytes(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # given one engine that indexes its rules and one that asks each of them
    indexing = Engine(plan())
    monkeypatch.setattr(reading, "WORTH_INDEXING", 1_000)
    asking = Engine(plan())
    stream = events(Random(seed))
    assert indexing.reading(stream[0]).indexed is not None or stream[0].name == "Other"
    assert asking.reading(stream[0]).indexed is None
    # when both take the same events, then nothing tells them apart
    assert run(indexing, stream) == run(asking, stream)


def test_only_what_an_event_may_touch_is_looked_at_in_order() -> None:
    keys = {name: (("colour",), equality_keys(name)) for name in ("red", "blue")}
    index = FilterIndex([("b", keys["blue"]), ("all", None), ("r1", keys["red"]), ("r2", keys["red"])])
    for colour, touched in (
        (None, ["all"]),
        ("red", ["all", "r1", "r2"]),
        (["red", "blue"], ["b", "all", "r1", "r2"]),
        ("green", ["all"]),
    ):
        assert list(index.touched_by(shown({"colour": colour}, index.paths))) == touched


def test_only_an_equality_of_any_value_tells_events_apart() -> None:
    assert discriminator(of(Test("is_not", "red"))) is None
    assert discriminator(of(Test("is", "red"), every=True)) is None
    assert discriminator(of(Test("exists", True), Test("is", "red"))) == (("colour",), equality_keys("red"))


def test_the_time_of_an_event_is_no_property_that_it_shows() -> None:
    selection = Selection(("A",), (Filter(TIME_PROPERTY, (Test("is", Number(1)),)),))
    assert discriminator(selection) is None
