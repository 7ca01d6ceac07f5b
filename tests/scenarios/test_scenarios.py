"""Every scenario through the engine, as replay runs it, and through the oracle: both must say what is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.problem import TopologyError
from tests.oracle import merges
from tests.oracle.engine_run import run
from tests.oracle.feedback import named
from tests.oracle.oracle import Verdict, expect
from tests.scenarios.changed_run import ChangedRun
from tests.scenarios.edge_cases import EDGE_CASES, LEFT_OUT, TOLD, held, numbers
from tests.scenarios.scenario import Scenario, scenarios, written_out
from tests.scenarios.telling import tell, tell_profile

ALL = scenarios(Path(__file__).parent)
READINGS = set(range(1, 55))
Judge = Callable[[list[dict[str, Any]], dict[str, Any], str | None], Verdict]


def engine(events: list[dict[str, Any]], topology: dict[str, Any], until: str | None) -> Verdict:
    return run(named(events, topology, until), topology, until)


def oracle(events: list[dict[str, Any]], topology: dict[str, Any], until: str | None) -> Verdict:
    """The oracle knows no library: it is told what an inclusion stands for."""
    return (merges.expect if "identity" in topology else expect)(events, written_out(topology), until)


JUDGES: dict[str, Judge] = {"engine": engine, "oracle": oracle}


@pytest.mark.parametrize("judge", JUDGES)
@pytest.mark.parametrize(
    "case", [case for _, case in ALL if not case.refused], ids=[i for i, c in ALL if not c.refused]
)
def test_scenario(case: Scenario, judge: str) -> None:
    if judge not in case.judges:
        pytest.skip(f"the {judge} does not know this part of the language yet")
    if case.changes:
        verdict = ChangedRun(case.topology, case.changes).run(case.events, case.until)
    else:
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


def test_every_reading_has_a_scenario() -> None:
    assert READINGS - {number for _, case in ALL for number in numbers("reading", case)} == set()


def test_every_edge_case_has_a_scenario_or_a_reason_to_have_none() -> None:
    found = set(held())
    assert set(EDGE_CASES) - found == set()
    assert found <= set(range(1, 91)), "no such case"
    assert set(TOLD) - set(EDGE_CASES) == set(LEFT_OUT)
    assert found & set(LEFT_OUT) == set()
