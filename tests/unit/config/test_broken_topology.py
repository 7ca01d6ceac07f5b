"""Every mistake of a file is told at once, at its line, with the nearest known word."""

from pathlib import Path

import pytest

from pipeline.config.problem import Problem, TopologyError
from pipeline.config.topology import load

HERE = Path(__file__).parent


def problems_of(file: str) -> tuple[Problem, ...]:
    with pytest.raises(TopologyError) as caught:
        load(HERE / file, {})
    return caught.value.problems


def test_all_mistakes_of_a_file_are_told_at_once() -> None:
    told = "".join(f"{problem}\n" for problem in problems_of("broken.yaml")).replace(f"{HERE}/", "")
    assert told == (HERE / "broken.txt").read_text()


def test_a_problem_says_where_it_is_and_what_was_meant() -> None:
    problem = next(each for each in problems_of("broken.yaml") if "coutn" in each.path)
    assert problem.line == 11
    assert problem.path == "segments.engaged.when.coutn"
    assert problem.message == "unknown condition"
    assert problem.nearest == "count"
    assert str(problem).endswith("broken.yaml:11: segments.engaged.when.coutn: unknown condition, did you mean count?")


def test_problems_come_in_order_of_lines() -> None:
    lines = [problem.line for problem in problems_of("broken.yaml")]
    assert lines == sorted(lines)


def test_a_missing_file_is_one_problem() -> None:
    (problem,) = problems_of("missing.yaml")
    assert "no such file" in problem.message
