"""Bounds of computed traits, and what a changed topology does to them."""

from typing import Any

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.decision import TRAIT_CHANGES, Decision
from pipeline.domain.event import Event
from pipeline.domain.segments import most_frequent, trait_value
from pipeline.domain.shopper import Shopper
from pipeline.state.record import RecordCodec

HEAD = "version: 1\nname: shop\n"
NOW = 1_767_434_400_000
SEEN = "{of: Product Viewed, property: category%s}"


def engine(traits: str) -> Engine:
    return Engine(parse(f"{HEAD}traits: {traits}\n" if traits else HEAD, {}).plan())


def view(number: int, category: Any, at: int | None = None) -> Event:
    properties = msgspec.Raw(msgspec.json.encode({"category": category}))
    received = NOW + number
    return Event(
        type="track", name="Product Viewed", shopper="ann", time=received if at is None else at, received=received,
        message_id=f"m{number}", properties=properties,
    )  # fmt: skip


def told(decisions: list[Decision]) -> list[tuple[Any, ...]]:
    names = ("trait", "before", "after", "sequence")
    return [
        (*(one.fields[name] for name in names), one.silent) for one in decisions if one.topic == TRAIT_CHANGES
    ]  # fmt: skip


def feed(engine: Engine, shopper: Shopper, categories: list[Any]) -> list[str]:
    remarks: list[str] = []
    for number, category in enumerate(categories):
        remarks += engine.decide(shopper, view(number, category), NOW + number).remarks
    return remarks


def test_the_least_frequent_value_goes_at_the_bound_and_is_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(most_frequent, "VALUES", 3)
    shopper, taste = Shopper(), engine("{taste: {most_frequent: %s}}" % (SEEN % ""))
    remarks = feed(taste, shopper, ["a", "a", "b", "c", "d", "a", "e"])
    assert remarks == ["trait_truncated"] * 2
    assert shopper.derived is not None
    (kept,) = shopper.derived.seen.values()
    assert sorted((one.value, one.count) for one in kept.values()) == [("a", 3), ("d", 1), ("e", 1)]
    assert taste.derivations.values(shopper, NOW + 9) == {"taste": "a"}


def test_a_window_keeps_its_latest_sightings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(most_frequent, "LIMIT", 3)
    shopper, taste = Shopper(), engine("{taste: {most_frequent: %s}}" % (SEEN % ", within: 1d"))
    remarks = feed(taste, shopper, ["a", "a", "b", "b", "b"])
    assert remarks == ["trait_truncated"] * 2
    assert taste.derivations.values(shopper, NOW + 9) == {"taste": "b"}
    assert shopper.derived is not None
    assert [(one.value, one.count, one.times) for held in shopper.derived.seen.values() for one in held.values()] == [
        ("b", 3, [NOW + 2, NOW + 3, NOW + 4])
    ]


def test_different_values_are_told_apart_up_to_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trait_value.DISTINCT == 1_000
    monkeypatch.setattr(trait_value, "DISTINCT", 2)
    shopper, many = (
        Shopper(),
        engine(f"{{many: {{distinct: {SEEN % ''}}}, lately: {{distinct: {SEEN % ', within: 1d'}}}}}"),
    )
    remarks = feed(many, shopper, ["a", "b", "c"])
    assert remarks == ["trait_truncated"] * 2
    assert many.derivations.values(shopper, NOW + 9) == {"many": 2, "lately": 2}


def test_what_is_known_or_filtered_out_does_not_count_as_too_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trait_value, "DISTINCT", 2)
    only = "{of: Product Viewed, where: {category: {not_in: [c, d]}}, property: category%s}"
    many = engine(f"{{many: {{distinct: {only % ''}}}, lately: {{distinct: {only % ', within: 1d'}}}}}")
    assert feed(many, Shopper(), ["a", "b", "b", "c", "a", "d"]) == []


def test_a_value_that_is_no_number_any_more_is_counted_and_left_out() -> None:
    shopper, sums = Shopper(), engine(f"{{all: {{sum: {SEEN % ''}}}, mean: {{avg: {SEEN % ', within: 1d'}}}}}")
    # given a property that was a number, and texts of one
    assert feed(sums, shopper, [4, "2", None, []]) == []
    # when it turns into something else
    assert feed(sums, Shopper(), ["many", {"a": 1}, True]) == ["trait_value_mistyped"] * 6
    assert sums.derivations.values(shopper, NOW + 9) == {"all": 6, "mean": 3}


def test_long_texts_and_objects_are_no_values() -> None:
    shopper, taste = Shopper(), engine(f"{{taste: {{most_frequent: {SEEN % ''}}}, last: {{last: {SEEN % ''}}}}}")
    remarks = ["trait_value_too_long", "trait_value_mistyped", "type_changed"]
    assert feed(taste, shopper, ["x" * 201, {"a": 1}]) == remarks
    assert taste.derivations.values(shopper, NOW + 9) == {"taste": None, "last": None}


def test_a_record_is_the_same_after_it_was_stored() -> None:
    shopper, taste = Shopper(), engine("{taste: {most_frequent: %s}}" % (SEEN % ", within: 1d"))
    feed(taste, shopper, ["a", "b", "b", True, 5, 1.5])
    codec = RecordCodec()
    assert codec.decode(codec.encode(shopper)).derived == shopper.derived


def test_a_changed_trait_is_told_silently_and_a_removed_one_ends_once() -> None:
    shopper, taste = Shopper(), engine("{taste: {last: %s}}" % (SEEN % ""))
    assert told(taste.decide(shopper, view(0, "a"), NOW).decisions) == [("taste", None, "a", 1, False)]
    # the number of views takes the place of the latest one
    number = engine("{taste: {count: {of: Product Viewed}}}")
    assert told(number.decide(shopper, view(1, "b"), NOW + 1).decisions) == [
        ("taste", "a", 0, 2, True),
        ("taste", 0, 1, 3, False),
    ]
    gone = engine("")
    assert told(gone.decide(shopper, view(2, "c"), NOW + 2).decisions) == [("taste", 1, None, 4, True)]
    assert told(gone.decide(shopper, view(3, "c"), NOW + 3).decisions) == []


def test_a_daily_trait_waits_for_the_day_to_end_and_a_new_definition_does_not() -> None:
    shopper, daily = Shopper(), engine("{taste: {last: %s, emit: daily}}" % (SEEN % ""))
    assert told(daily.decide(shopper, view(0, "a"), NOW).decisions) == []
    assert shopper.due == 1_767_484_800_000  # the next midnight of UTC
    assert told(daily.on_due(shopper, "ann", shopper.due).decisions) == [("taste", None, "a", 1, False)]
    assert shopper.due == 0
    daily.decide(shopper, view(90_000_000, "b"), NOW + 90_000_000)
    at_once = engine("{taste: {last: %s}}" % (SEEN % ""))
    assert told(at_once.on_due(shopper, "ann", NOW + 90_000_001).decisions) == [("taste", "a", "b", 2, True)]
