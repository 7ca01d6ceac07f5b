"""Whole workers on the embedded broker: what any machine can check without Java. It fences nobody, so what is checked
here is that nothing is skipped and nothing said twice as long as no zombie writes; tests/broker has the rest."""

import pytest

from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded


def test_a_live_run_publishes_what_replay_writes_and_commits_exactly_its_offsets(live: LiveRun) -> None:
    records = history(4_000)
    live.send(records)
    worker = live.worker("a")
    live.assert_decides_as(live.replayed(records))
    assert live.dead_letters() == sum(value.startswith(b"{not") for _, value in records)
    eventually("offsets are committed", lambda: sum(live.group_offsets("intake").values()) == len(records), 10)
    assert worker.stop() == 0
    assert "Traceback" not in worker.text()


@pytest.mark.parametrize("wipe", [False, True], ids=["disk-kept", "disk-lost"])
def test_killing_every_agent_in_the_middle_changes_nothing(live: LiveRun, wipe: bool) -> None:
    records = history(4_000, seed=2)
    intake, shopper = live.worker("i", "intake"), live.worker("s", "shopper")
    live.send(records[:2_000])
    eventually("some decisions", lambda: any(live.group_offsets("shopper").values()), 30)
    live.send(records[2_000:3_000])
    shopper.kill(wipe)
    intake.kill(wipe)
    live.send(records[3_000:])
    intake.start()
    shopper.start()
    live.assert_decides_as(live.replayed(records))


def test_a_worker_that_joins_and_leaves_takes_its_share(live: LiveRun) -> None:
    records = history(4_000, seed=3)
    first = live.worker("a")
    live.send(records[:1_500])
    eventually("the first one works", lambda: any(live.group_offsets("shopper").values()), 30)
    second = live.worker("b")
    eventually("both own some", lambda: second.text().count("Owns 2 partitions") == 2, 30)
    live.send(records[1_500:3_000])
    assert second.stop() == 0
    live.send(records[3_000:])
    live.assert_decides_as(live.replayed(records))
    assert first.stop() == 0
