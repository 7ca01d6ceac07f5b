"""A worker that followed a partition takes it over with a tail to restore, and nothing is lost or said twice."""

import re

import pytest

from pipeline.config.topology import load
from tests.support.kafka_reader import read_committed
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, eventually

pytestmark = pytest.mark.broker

TAIL = 20
RESTORED = re.compile(r"State is restored\..*?partition=(\d+).*?records=(\d+)")
FOLLOWING = re.compile(r"Following as standby\..*?partition=(\d+)")


def test_the_heir_of_a_dead_worker_restores_only_the_tail(live: LiveRun) -> None:
    records = history(8_000, seed=6)
    expected = live.replayed(records)
    live.worker("i", "intake")
    # given two workers that share the partitions and follow each other's
    dying, heir = live.worker("a", "shopper"), live.worker("b", "shopper")
    eventually("each follows the other", lambda: all(len(followed(each)) >= 2 for each in (dying, heir)), 90)
    live.send(records[:6_000])
    eventually("all is taken", lambda: changes(live) == changes(live) > 10 * TAIL, 60)
    # when one of them dies, disk and all, while more comes
    begun, inherited = len(heir.text()), followed(heir)
    dying.kill(wipe=True)
    live.send(records[6_000:])
    # then all decisions are made, each once, and the heir had next to nothing to read of what it inherited
    live.assert_decides_as(expected)
    restored = {int(partition): int(number) for partition, number in RESTORED.findall(heir.text()[begun:])}
    assert restored.keys() == inherited
    assert max(restored.values()) <= TAIL


def followed(worker: WorkerProcess) -> set[int]:
    return {int(partition) for partition in FOLLOWING.findall(worker.text())}


def changes(live: LiveRun) -> int:
    """Records of the changelog of shoppers."""
    return len(read_committed(live.brokers, [load(live.topology, {}).topic("shopper-changelog")]))
