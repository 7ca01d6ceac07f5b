"""A short run of each fuzzer; `make fuzz` has longer ones."""

from pathlib import Path

import pytest

from tests.fuzz.adapter_target import ADAPTERS
from tests.fuzz.fuzzing import python, run_atheris, run_schemathesis
from tests.fuzz.served import asked, served
from tests.support.fetched import fetched
from tests.support.query_client import ADMIN

pytestmark = [pytest.mark.clients, pytest.mark.timeout(900)]

_ONE_OF_EACH = "^/(v1/(track|b)|i|com.snowplowanalytics.snowplow/tp2|e/|mp/collect|g/collect|flags/|health)$"


def test_schemathesis_finds_no_answer_that_the_document_does_not_name(tmp_path: Path) -> None:
    fetched(python)
    with served(tmp_path) as collector:
        run = run_schemathesis(collector.url, 10, _ONE_OF_EACH)
    assert run.returncode == 0, run.stdout[-8_000:]


def test_schemathesis_finds_no_answer_of_the_query_api_that_its_document_does_not_name(tmp_path: Path) -> None:
    fetched(python)
    with asked(tmp_path) as url:
        run = run_schemathesis(url, 50, key=ADMIN)
    assert run.returncode == 0, run.stdout[-8_000:]


@pytest.mark.parametrize("adapter", ADAPTERS)
def test_atheris_finds_nothing_that_fails(tmp_path: Path, adapter: str) -> None:
    fetched(python)
    run = run_atheris(adapter, tmp_path, "-runs=3000")
    assert run.returncode == 0, run.stderr[-4_000:]
    assert "stat::number_of_executed_units: 3" in run.stderr
