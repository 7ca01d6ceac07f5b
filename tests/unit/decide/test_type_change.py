"""A trait, or a property of `first` or `last`, of another type than before or than a condition needs, is counted: a
condition that can't be true any more is no silent false."""

from typing import Any

import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper

NOW = 1_767_434_400_000


class Visit:
    """One shopper under a topology of one condition."""

    def __init__(self, condition: str, more: str = "") -> None:
        text = f"version: 1\nname: shop\nsegments:\n  one: {{when: {condition}}}\n{more}"
        self._engine, self._shopper, self._calls = Engine(parse(text, {}).plan()), Shopper(), 0

    def _send(self, kind: str, **fields: Any) -> list[str]:
        self._calls += 1
        at = NOW + self._calls
        name = "A" if kind == "track" else ""
        event = Event(kind, name, "ann", at, at, f"m{self._calls}", **fields)
        return self._engine.decide(self._shopper, event, at).remarks

    def identify(self, value: Any) -> list[str]:
        return self._send("identify", traits=msgspec.Raw(msgspec.json.encode({"t": value})))

    def track(self, value: Any) -> list[str]:
        return self._send("track", properties=msgspec.Raw(msgspec.json.encode({"x": value})))


OF_ANOTHER_TYPE = [
    ("is: pro", "pro", 5, ["type_changed"]),
    ("is: pro", ["pro", "basic"], ["pro", 5], ["type_changed"]),
    ("is: pro", ["pro", "basic"], ["basic"], []),
    ("is: pro", {"a": 1}, True, ["type_changed"]),
    ("at_least: 3", 3, "3", []),
    ("at_least: 3", 3, "three", ["type_changed", "value_mistyped"]),
    ("at_least: 3", 3, [1, "three"], ["type_changed"]),
    ("before: 2026-01-01", "2025-01-01", "yesterday", ["value_mistyped"]),
    ("after: 2026-01-01", "2026-01-01T10:00:00Z", "2026-13-45", ["value_mistyped"]),
    ("within: 30d", 1_767_434_400, "soon", ["type_changed", "value_mistyped"]),
    ("within: 30d", "2026-01-01", 1_767_434_400, ["type_changed"]),
    ("month: 5", "--05-17", "May", ["value_mistyped"]),
    ("starts_with: p", "pro", 5, ["type_changed", "value_mistyped"]),
    ("ends_with: p", "pro", True, ["type_changed", "value_mistyped"]),
    ("matches: p", "pro", ["pro"], ["type_changed"]),
    ("contains: p", "pro", 5, ["type_changed", "value_mistyped"]),
    ("contains: 5", [4], [5, 6], []),
    ("exists: true", "pro", 5, ["type_changed"]),
    ("is: pro", "pro", None, []),
]


@pytest.mark.parametrize(("test", "before", "after", "counted"), OF_ANOTHER_TYPE)
def test_a_trait(test: str, before: Any, after: Any, counted: list[str]) -> None:
    visit = Visit(f"{{trait: {{name: t, {test}}}}}")
    assert visit.identify(before) == []
    assert sorted(visit.identify(after)) == counted


@pytest.mark.parametrize(("test", "before", "after", "counted"), OF_ANOTHER_TYPE)
def test_a_trait_inside_of_an_object(test: str, before: Any, after: Any, counted: list[str]) -> None:
    # the trait itself stays an object
    visit = Visit(f"{{trait: {{name: t.in.x, {test}}}}}")
    assert visit.identify({"in": [{"x": before}], "other": 1}) == []
    assert sorted(visit.identify({"in": [{"x": after}], "other": "1"})) == counted


@pytest.mark.parametrize("function", ["first", "last"])
@pytest.mark.parametrize(("test", "before", "after", "counted"), OF_ANOTHER_TYPE)
def test_what_an_event_had(function: str, test: str, before: Any, after: Any, counted: list[str]) -> None:
    visit = Visit(f"{{{function}: {{of: A, property: x, {test}}}}}")
    if function == "last":
        assert visit.track(before) == []
        assert sorted(visit.track(after)) == counted
    else:
        # of the first one there is no other before it
        assert sorted(visit.track(after)) == [one for one in counted if one != "type_changed"]
        assert visit.track(before) == []


@pytest.mark.parametrize("function", ["first", "last"])
def test_a_computed_trait_of_an_event_that_a_condition_takes_for_a_number(function: str) -> None:
    more = f"traits: {{size: {{{function}: {{of: A, property: x}}}}}}\n"
    assert Visit("{computed: {name: size, at_least: 3}}", more).track("large") == ["value_mistyped"]
    assert Visit("{computed: {name: size, is: 3}}", more).track("large") == []


def test_two_conditions_on_one_property_count_what_either_needs() -> None:
    visit = Visit("{any: [{last: {of: A, property: x, is: 1}}, {last: {of: A, property: x, before: 2026-01-01}}]}")
    assert visit.track("2025-01-01") == []
    assert visit.track("one") == ["value_mistyped"]
