"""Three minutes in which brokers and workers fail; then every event has counted once, and every decision is right."""

from pathlib import Path

import pytest

from tests.chaos.replay_check import replay_differences
from tests.chaos.run import TOPOLOGY, ChaosRun
from tests.support.apache_kafka import require_java

pytestmark = [pytest.mark.broker, pytest.mark.timeout(600)]

SEED = 1
MINUTES = 3.0


def test_whatever_fails_nothing_is_lost_and_nothing_happens_twice(tmp_path: Path) -> None:
    require_java()
    # given brokers, workers and traffic; when they fail all the time, for three minutes
    run = ChaosRun(tmp_path, SEED, rate=150)
    outcome = run.run(MINUTES * 60)
    # then the auditor finds nothing
    assert outcome.differences == [], run.tails()
    # and there was something to find
    assert outcome.kills >= 5
    assert outcome.counts["decisions by timers"] > 500
    # and a replay of the same clickstream decides the same
    assert replay_differences(run.logs, TOPOLOGY, tmp_path, outcome.last_due) == []
