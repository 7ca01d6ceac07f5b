"""Each defence is there for a reason, in the very lines that run: without it a test fails, and is known to."""

from pathlib import Path

import pytest

from tests.mutation.__main__ import BEGIN, END, PAGE, table
from tests.mutation.mutant import REPOSITORY, Copy, Mutant, named_tests
from tests.mutation.mutants import ON_KAFKA, QUICK


@pytest.fixture(scope="session")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    return Copy(tmp_path_factory.mktemp("mutants"))


def test_a_copy_runs_its_own_code_and_passes_as_it_is(copy: Copy) -> None:
    # Else its tests would fail for another reason than a missing defence.
    assert copy.origin() == copy.folder / "pipeline/app.py"
    run = copy.test(*named_tests(QUICK))
    assert run.returncode == 0, run.stdout[-2_000:]


@pytest.mark.parametrize("mutant", QUICK, ids=lambda mutant: mutant.name)
def test_without_a_defence_a_test_fails(copy: Copy, mutant: Mutant) -> None:
    assert copy.survivor(mutant) == ""


@pytest.mark.parametrize("mutant", [*QUICK, *ON_KAFKA], ids=lambda mutant: mutant.name)
def test_the_line_that_is_taken_away_is_there(mutant: Mutant) -> None:
    assert (REPOSITORY / mutant.file).read_text().count(mutant.old) == 1


def test_the_table_of_defences_is_up_to_date() -> None:
    shown = Path(PAGE).read_text()
    assert shown[shown.index(BEGIN) + len(BEGIN) : shown.index(END)].strip() == table()
