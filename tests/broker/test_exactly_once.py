"""Whole workers on a real Apache Kafka decide exactly what replay decides, once, whatever happens to them."""

import time

import pytest

from tests.support.apache_kafka import ApacheKafka
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker


def test_a_live_run_publishes_what_replay_writes(live: LiveRun) -> None:
    # given a history in the clickstream, and a worker that has no state
    records = history(8_000)
    live.send(records)
    worker = live.worker("a")
    # when it has read it to the end
    live.assert_decides_as(live.replayed(records))
    # then every bad record is a dead letter, offsets are committed for the operator, and it stops in order
    assert live.dead_letters() == sum(value.startswith(b"{not") for _, value in records)
    eventually("offsets are committed", lambda: sum(live.group_offsets("intake").values()) == len(records), 10)
    assert worker.stop() == 0
    assert "Traceback" not in worker.text()


@pytest.mark.parametrize("wipe", [False, True], ids=["disk-kept", "disk-lost"])
def test_killing_every_agent_in_the_middle_changes_nothing(live: LiveRun, wipe: bool) -> None:
    records = history(8_000, seed=2)
    intake, shopper = live.worker("i", "intake"), live.worker("s", "shopper")
    # given both agents have taken a part
    live.send(records[:4_000])
    eventually("some decisions", lambda: any(live.group_offsets("shopper").values()), 30)
    # when they die while more comes
    live.send(records[4_000:6_000])
    shopper.kill(wipe)
    intake.kill(wipe)
    live.send(records[6_000:])
    intake.start()
    shopper.start()
    # then nothing is lost, and nothing is said twice
    live.assert_decides_as(live.replayed(records))


def test_workers_that_come_and_go_share_the_partitions(live: LiveRun) -> None:
    records = history(8_000, seed=3)
    first = live.worker("a")
    live.send(records[:3_000])
    eventually("the first one works", lambda: any(live.group_offsets("shopper").values()), 30)
    # when a second one joins, then leaves in order, then the first one dies
    second = live.worker("b")
    live.send(records[3_000:5_000])
    eventually("both own some", lambda: "Owns 2 partitions" in second.text(), 30)
    live.send(records[5_000:])
    eventually("the second one works", lambda: second.text().count("Owns 2 partitions") == 2, 30)
    assert second.stop() == 0
    first.kill()
    live.worker("c")
    live.assert_decides_as(live.replayed(records))


def test_a_broker_that_dies_and_comes_back_is_waited_for(kafka: ApacheKafka, live: LiveRun) -> None:
    records = history(6_000, seed=4)
    worker = live.worker("a")
    live.send(records[:4_000])
    eventually("it works", lambda: any(live.group_offsets("shopper").values()), 30)
    # when the broker dies in the middle
    kafka.kill()
    time.sleep(3)
    kafka.start()
    live.send(records[4_000:])
    # then the same worker goes on
    live.assert_decides_as(live.replayed(records), 90)
    assert worker.stop() == 0
