"""A history on a real Kafka: imports that are killed leave nothing out and send nothing twice."""

import random
import time

import pytest

from tests.support.import_run import ImportRun
from tests.support.live_run import LiveRun
from tests.support.shop_history import MESSAGING
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker

KILLS = 4


@pytest.fixture
def messaging() -> str:
    return MESSAGING


def test_an_import_that_is_killed_again_and_again_is_on_the_log_once_and_decided_as_a_replay(live: LiveRun) -> None:
    run, choose = ImportRun(live, events=6_000), random.Random(7)
    worker = live.worker("a")
    for _ in range(KILLS):
        begun = len(run.log())
        importing = run.start("--rate", "200")
        eventually("it goes on", lambda begun=begun: len(run.log()) > begun)
        time.sleep(choose.uniform(0, 1))
        importing.kill()
        importing.wait()
    assert 0 < len(run.log()) < 6_000
    run.done("--rate", "100000")
    run.assert_on_the_log_once()
    run.assert_taken_in_silently()
    run.goes_live()
    assert worker.stop() == 0


def test_of_two_imports_at_a_time_the_later_one_goes_on(live: LiveRun) -> None:
    run = ImportRun(live)
    first = run.start("--rate", "100")
    eventually("some of it is on the log", lambda: bool(run.log()))
    # The folder is in use, so another machine's folder it is.
    run.done("--rate", "100000", "--data-dir", str(live.folder / "another machine"))
    assert first.wait(60) == 1
    run.assert_on_the_log_once()
