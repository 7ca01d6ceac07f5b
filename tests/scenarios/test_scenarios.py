"""Every scenario through the engine, as replay runs it, and through the oracle: both must say what is written."""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from tests.oracle.engine_run import run
from tests.oracle.oracle import Verdict, expect
from tests.scenarios.scenario import Scenario, scenarios, written_out
from tests.scenarios.telling import tell, tell_profile

ALL = scenarios(Path(__file__).parent)
# Readings and edge cases of the scope; what is left out belongs to features that are not built yet.
READINGS = set(range(1, 55))
EDGES = {
    *range(1, 12),
    13,
    *range(16, 21),
    *range(24, 39),
    40,
    42,
    53,
    57,
    58,
    60,
    61,
    62,
    *range(65, 68),
    69,
    70,
    72,
    *range(75, 83),
}
Judge = Callable[[list[dict[str, Any]], dict[str, Any], str | None], Verdict]


def oracle(events: list[dict[str, Any]], topology: dict[str, Any], until: str | None) -> Verdict:
    """The oracle knows no library: it is told what an inclusion stands for."""
    return expect(events, written_out(topology), until)


JUDGES: dict[str, Judge] = {"engine": run, "oracle": oracle}


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(
    "case", [case for _, case in ALL if not case.refused], ids=[i for i, c in ALL if not c.refused]
)
def test_scenario(case: Scenario, judge: str) -> None:
    if judge not in case.judges:
        pytest.skip(f"the {judge} does not know this part of the language yet")
    verdict = JUDGES[judge](case.events, case.topology, case.until)

    assert tell(verdict, case.events) == case.then, case.rules
    for shopper, expected in case.profiles.items():
        told = tell_profile(verdict.profiles[shopper])
        assert {name: told[name] for name in expected} == expected, case.rules


@pytest.mark.parametrize("case", [case for _, case in ALL if case.refused], ids=[i for i, c in ALL if c.refused])
def test_topology_is_refused(case: Scenario) -> None:
    with pytest.raises(TopologyError) as error:
        run([], case.topology, None)

    assert str(case.refused) in str(error.value)


def cited(page: str) -> set[int]:
    """Numbers that scenarios cite: `readings 3, 53; edge 7`."""
    found: set[int] = set()
    for _, case in ALL:
        for numbers in re.findall(rf"{page}s? ([\d, ]+)", case.rules):
            found |= {int(number) for number in re.findall(r"\d+", numbers)}
    return found


def test_every_rule_in_scope_has_a_scenario() -> None:
    assert READINGS - cited("reading") == set()
    assert EDGES - cited("edge") == set()
