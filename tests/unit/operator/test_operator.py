"""Operators: readings.md 10 to 14."""

import pytest

from pipeline.domain.definition import Bound, Filter, Number, Test
from pipeline.domain.value.operator import compile_bounds, compile_filters, compile_tests, next_change
from pipeline.domain.value.path import reach

NOW = 1_767_434_400_000
DAY = 86_400_000


def number(value: float) -> Number:
    return Number(round(value * 1_000_000))


def holds(op: str, operand: object, *values: object, now: int = NOW) -> bool:
    return compile_tests((Test(op, operand),))([value for value in values if value is not None], now)


@pytest.mark.parametrize(
    ("op", "operand", "value", "expected"),
    [
        ("is", "DE", "DE", True),
        ("is", "DE", "de", False),
        ("is", number(10), "10", True),
        ("is", "10", 10, True),
        ("is", "10", "10.0", True),
        ("is", number(10), 10.0, True),
        ("is", True, True, True),
        ("is", True, 1, False),
        ("is", number(1), True, False),
        ("is", "true", True, False),
        ("is", "", "", True),
        ("is_not", "DE", "FR", True),
        ("is_not", "DE", "DE", False),
        ("in", ("DE", "AT"), "AT", True),
        ("in", (number(1), "b"), "1", True),
        ("not_in", ("DE", "AT"), "CH", True),
        ("at_least", number(5), 5, True),
        ("at_least", number(5), "4.999999", False),
        ("more_than", number(5), 5, False),
        ("at_most", number(5), "5.00", True),
        ("less_than", number(5), 4.99, True),
        ("at_least", number(5), "many", False),
        ("at_least", number(0), True, False),
        ("between", (number(1), number(2)), 1, True),
        ("between", (number(1), number(2)), 2, True),
        ("between", (number(1), number(2)), 2.01, False),
        ("contains", "and", "sandal", True),
        ("contains", "And", "sandal", False),
        ("starts_with", "sa", "sandal", True),
        ("ends_with", "al", "sandal", True),
        ("starts_with", "1", 10, False),
        ("matches", "a.d", "sandal", True),
        ("matches", "^a", "sandal", False),
        ("exists", True, "", True),
        ("exists", False, "", False),
        ("before", NOW, "2020-01-01T00:00:00Z", True),
        ("before", NOW, "2030-01-01T00:00:00Z", False),
        ("after", NOW, NOW // 1000 + 1, True),
        ("after", NOW, "soon", False),
        ("after", NOW, "²", False),
        ("is", "²" * 12, "²" * 12, True),
        ("within", DAY, NOW, True),
        ("within", DAY, NOW - DAY + 1, True),
        ("within", DAY, NOW - DAY, False),
        ("within", DAY, NOW + 1, False),
    ],
)
def test_an_operator_on_one_value(op: str, operand: object, value: object, expected: bool) -> None:
    assert holds(op, operand, value) is expected


@pytest.mark.parametrize(
    ("op", "operand", "expected"),
    [
        ("is", "x", False), ("is_not", "x", True), ("in", ("x",), False), ("not_in", ("x",), True),
        ("at_least", number(0), False), ("contains", "", False), ("exists", True, False), ("exists", False, True),
        ("before", NOW, False), ("within", DAY, False), ("matches", "", False),
    ],
)  # fmt: skip
def test_on_something_missing_all_is_false_but_negations_and_not_exists(
    op: str, operand: object, expected: bool
) -> None:
    assert holds(op, operand) is expected
    assert holds(op, operand, None) is expected


def test_an_array_matches_if_any_element_does_and_a_negation_if_none_is_equal() -> None:
    tags = ["new", "sale"]
    assert holds("is", "sale", tags)
    assert not holds("is_not", "sale", tags)
    assert not holds("not_in", ("sale", "x"), tags)
    assert holds("contains", "sale", tags)
    assert not holds("contains", "sal", tags)
    assert holds("starts_with", "sal", tags)


def test_all_of_needs_every_element_and_at_least_one() -> None:
    check = compile_tests((Test("is", "Shoes"),), every=True)
    assert check([["Shoes", "Shoes"]], NOW)
    assert not check([["Shoes", "Hats"]], NOW)
    assert not check([[]], NOW)
    assert not check([], NOW)


def test_several_operators_must_all_hold() -> None:
    check = compile_tests((Test("at_least", number(2)), Test("less_than", number(4))))
    assert check([3], NOW)
    assert not check([4], NOW)


def test_a_filter_reaches_through_arrays() -> None:
    order = {"products": [{"category": "Shoes"}, {"category": "Hats"}, {"category": None}], "discount": 0}
    passes = compile_filters(
        (Filter(("products", "category"), (Test("is", "Hats"),)), Filter(("discount",), (Test("is", number(0)),)))
    )
    assert passes is not None
    assert passes(order, NOW)
    assert not passes({**order, "discount": 5}, NOW)
    assert reach(order, ("products", "category")) == ["Shoes", "Hats"]


def test_a_date_says_when_its_being_within_changes() -> None:
    tests = (Test("within", DAY),)
    assert next_change(tests, [NOW - 1], NOW) == NOW - 1 + DAY
    assert next_change(tests, [NOW + 5], NOW) == NOW + 5
    assert next_change(tests, [NOW - DAY], NOW) == 0
    assert next_change(tests, ["soon"], NOW) == 0


def test_bounds_of_an_aggregate() -> None:
    assert compile_bounds((Bound("at_least", (2,)), Bound("at_most", (4,))))(3)
    assert not compile_bounds((Bound("at_least", (2,)), Bound("at_most", (4,))))(5)
    assert compile_bounds((Bound("between", (2, 4)),))(4)
    assert compile_bounds((Bound("is", (2,)),))(2)
    assert not compile_bounds((Bound("not_in", (2, 3)),))(3)
    assert compile_bounds((Bound("more_than", (2,)),))(3)
    assert not compile_bounds((Bound("less_than", (2,)),))(2)
