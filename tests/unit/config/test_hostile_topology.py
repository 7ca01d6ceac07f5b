"""Whatever a topology looks like: it is loaded, or refused with messages that people can use, and soon.

`python -m tests.unit.config.test_hostile_topology 0 10000` tries more seeds.
"""

import sys
import time

import pytest

from pipeline.commands.check import lines
from pipeline.config.account import account
from pipeline.config.problem import TopologyError
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.definition import Trait
from pipeline.domain.value.operator import compile_tests
from tests.support.hostile_topology import hostile
from tests.unit.config.builder import HEAD, problems

# Seconds of this process; one takes some hundredths.
SOON = 2.0
COUNT = "{count: {of: A, within: 1d, at_least: 3}}"


def examine(text: str) -> bool:
    """Whether it was loaded. Fails unless it is that, or refused with messages that have a line and a sentence."""
    began = time.process_time()
    try:
        topology = parse(text, {"HOME": "/home/shop"})
        Engine(topology.plan())
        assert "\n".join(lines(account(topology))).encode()
        loaded = True
    except TopologyError as error:
        assert error.problems
        for problem in error.problems:
            assert 1 <= problem.line <= len(text.splitlines()) + 1
            assert problem.message.strip()
            assert str(problem).isprintable()
            assert len(str(problem)) < 1_000
        assert str(error).encode()
        loaded = False
    assert time.process_time() - began < SOON
    return loaded


def examine_all(seeds: range) -> int:
    """How many were loaded."""
    loaded = 0
    for seed in seeds:
        try:
            loaded += examine(hostile(seed))
        except Exception as error:
            raise AssertionError(f"seed {seed}") from error
    return loaded


@pytest.mark.parametrize("seeds", [range(first, first + 20) for first in range(0, 200, 20)], ids=str)
def test_a_topology_made_wrong_is_loaded_or_refused_with_messages(seeds: range) -> None:
    assert examine_all(seeds) < len(seeds)


@pytest.mark.parametrize(
    ("body", "told"),
    [
        pytest.param("a: " + "[" * 30_000, "is nested without end", id="flow sequences"),
        pytest.param("a: " + "{a: " * 30_000, "is nested without end", id="flow mappings"),
        pytest.param("".join(" " * deep + "a:\n" for deep in range(1_000)), "is nested without end", id="blocks"),
        pytest.param("a: &a\n  b: *a", "a.b.b.b: is nested without end", id="an alias of itself"),
        pytest.param(
            f"segments: {{a: {{when: {{all: [&x {COUNT}, {', '.join(['*x'] * 20_000)}]}}}}}}",
            "segments.a.when.all: aliases (*name) repeat more than 20,000 values",
            id="an alias many times",
        ),
        pytest.param(
            "a0: &a0 [1, 1]\n" + "".join(f"a{n}: &a{n} [*a{n - 1}, *a{n - 1}]\n" for n in range(1, 40)),
            "aliases (*name) repeat more than 20,000 values",
            id="aliases that multiply",
        ),
        pytest.param("x" * 900_000 + ": 1", "is no valid YAML", id="a long key"),
        pytest.param("a: " + "x" * 1_000_000, "is larger than 1,000,000 characters", id="a long file"),
        pytest.param('a: "\\ud800"', "has half a character", id="half a character"),
        pytest.param('"\\udc80": 1', "has half a character", id="half a character in a key"),
        pytest.param('"\\e[2Jname": 1', "\\x1b[2Jname: unknown key", id="a key that clears the screen"),
        pytest.param(
            "segments: {a: {when: {trait: {name: x, matches: '(x{1,100}){1,100}'}}}}",
            "is no RE2 pattern",
            id="a pattern of any size",
        ),
    ],
)  # fmt: skip
def test_files_that_are_meant_to_break_the_reader(body: str, told: str) -> None:
    assert not examine(HEAD + body)
    assert any(told in problem for problem in problems(body)), problems(body)


@pytest.mark.parametrize("pattern", ["^(a+)+$", "^(a|aa)*$", "(.*)(.*)(.*)(.*)(.*)b$"])
def test_a_pattern_that_others_need_an_age_for_takes_linear_time(pattern: str) -> None:
    plan = parse(HEAD + f"segments: {{a: {{when: {{trait: {{name: x, matches: '{pattern}'}}}}}}}}", {}).plan()
    test = plan.segments[0].when
    assert isinstance(test, Trait)
    check, began = compile_tests(test.tests), time.process_time()
    assert not check(["a" * 100_000 + "!"], 0)
    assert time.process_time() - began < SOON


@pytest.mark.parametrize(
    ("body", "told"),
    [
        ("rfm: {recency: [1, 2], frequency: [1, 2, 3, 4], monetary: [1, 2, 3, 4]}",
         [f"rfm.recency: is too short, it has no value number {number}" for number in (3, 4)]),
        ("segments: {a: {when: {count: {of: A, between: [1]}}}}",
         ["segments.a.when.count.between: is too short, it has no value number 2"]),
        ("segments: {a: {when: {sequence: {steps: [{of: A}], within: 1d}}}}",
         ["segments.a.when.sequence.steps: needs at least 2, of one event say count"]),
        ("segments: {a: {when: {sequence: {steps: [foo], within: 1d}}}}",
         ["segments.a.when.sequence.steps[0]: should be a mapping of keys"]),
    ],
)  # fmt: skip
def test_a_list_that_is_too_short_is_told(body: str, told: list[str]) -> None:
    assert problems(body) == told


if __name__ == "__main__":
    first, last = (int(each) for each in sys.argv[1:])
    kept = examine_all(range(first, last))
    print(f"{last - first:,} seeds: {kept:,} loaded, {last - first - kept:,} refused")
