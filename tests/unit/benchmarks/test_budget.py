"""When a stage is over its budget."""

import tomllib

import pytest

from benchmarks.budget import BUDGET, compare
from benchmarks.workbench import STAGES

ALLOWED = {stage: {"microseconds": 2.0, "instructions": 1_000} for stage in STAGES}


def test_every_stage_has_a_budget() -> None:
    assert list(tomllib.loads(BUDGET.read_text())) == list(STAGES)


@pytest.mark.parametrize(("instructions", "code"), [(800, 0), (1_150, 0), (1_151, 1)])
def test_more_than_fifteen_percent_more_instructions_fail(instructions: int, code: int) -> None:
    measured = {**ALLOWED, "decide": {"microseconds": 2.0, "instructions": instructions}}
    assert compare(measured, ALLOWED) == code


def test_time_alone_fails_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    measured = {**ALLOWED, "decide": {"microseconds": 9.0, "instructions": 1_000}}
    assert compare(measured, ALLOWED) == 0
    assert "9.00" in capsys.readouterr().out
