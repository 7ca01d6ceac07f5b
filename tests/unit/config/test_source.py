"""YAML 1.2 with lines, and variables of the environment."""

from decimal import Decimal
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from pipeline.config.source import Source


def read(text: str, **environment: str) -> Any:
    source = Source(text, "f.yaml", environment)
    assert not source.problems
    return source.root


def wrong(text: str, **environment: str) -> list[str]:
    try:
        return [str(problem) for problem in Source(text, "f.yaml", environment).problems]
    except TopologyError as error:
        return [str(problem) for problem in error.problems]


def test_words_of_yaml_1_1_are_plain_words() -> None:
    assert read("a: on\nb: yes\nc: no\nd: off\ne: 2026-01-31\nf: 1_000") == {
        "a": "on", "b": "yes", "c": "no", "d": "off", "e": "2026-01-31", "f": "1_000",
    }  # fmt: skip


def test_scalars_of_the_core_schema() -> None:
    root = read("a: true\nb: 12\nc: 0.10\nd: '12'\ne: !!str 12\nf: -3\ng: ~\nh: 1e3")
    assert root == {"a": True, "b": 12, "c": Decimal("0.10"), "d": "12", "e": "12", "f": -3, "g": None, "h": 1000}
    assert str(root["c"]) == "0.10"


def test_a_key_given_twice_is_told_with_both_lines() -> None:
    assert wrong("a: 1\nb:\n  c: 1\n  c: 2") == ["f.yaml:4: b.c: is given twice, first in line 3"]


def test_every_place_has_its_line() -> None:
    source = Source("a:\n  - b: 1\n  -\n    c: {d: 2}\n", "f.yaml", {})
    assert source.line(("a",)) == 1
    assert source.line(("a", 0, "b")) == 2
    assert source.line(("a", 1, "c", "d")) == 4
    assert source.line(("a", 1, "c", "missing", "deeper")) == 4


def test_variables_are_expanded_and_read_as_plain_values() -> None:
    root = read('a: ${A}\nb: "${B:-8}"\nc: x-${A}-${C:-}', A="EUR")
    assert root == {"a": "EUR", "b": 8, "c": "x-EUR-"}


def test_an_empty_variable_takes_the_default_as_in_a_shell() -> None:
    assert read("a: ${A:-x}", A="") == {"a": "x"}


def test_a_variable_cannot_bring_structure_of_its_own() -> None:
    assert read("a: ${A}", A="{b: 1}\nc: 2") == {"a": "{b: 1}\nc: 2"}


def test_a_missing_variable_is_told_with_the_nearest_one() -> None:
    assert wrong("a: ${TIMEZON}", TIMEZONE="UTC") == [
        "f.yaml:1: a: the environment has no TIMEZON, set it or write ${TIMEZON:-default}, did you mean TIMEZONE?"
    ]


def test_a_variable_written_wrongly_is_told() -> None:
    assert wrong("a: ${1A}") == ["f.yaml:1: a: a variable is written ${NAME} or ${NAME:-default}"]


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("a: [1", "f.yaml:1: is no valid YAML"),
        ("a: 1\n b: 2", "f.yaml:2: is no valid YAML"),
        ("a: *x", "f.yaml:1: is no valid YAML"),
        ("- a", "f.yaml:1: should be a mapping"),
        ("", "f.yaml:1: should be a mapping"),
        ("a: !custom 1", "f.yaml:1: a: the tag !custom is not part of this language"),
        ("a: &x {b: 1}\nc:\n  <<: *x", "f.yaml:3: c: merging with << is not part of this language"),
    ],
)
def test_what_is_no_yaml_of_ours_is_told(text: str, told: str) -> None:
    assert any(problem.startswith(told) for problem in wrong(text)), wrong(text)


def test_anchors_may_be_reused() -> None:
    assert read("a: &x [1, 2]\nb: *x") == {"a": [1, 2], "b": [1, 2]}


def test_aliases_that_multiply_or_recurse_end_in_an_error() -> None:
    laughs = "a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
        f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]\n" for n in range(1, 9)
    )
    assert "aliases (*name) repeat more than 20,000 values" in wrong(laughs)[0]
    assert wrong("a: &a [*a]")
    assert "nested without end" in wrong("a: " + "[" * 100 + "]" * 100)[0]
