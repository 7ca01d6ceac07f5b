"""Whole workers on a real Apache Kafka decide exactly what replay decides, once, whatever happens to them."""

import time

import pytest

from tests.support.apache_kafka import ApacheKafka
from tests.support.exactly_once import ExactlyOnce
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker


class TestApacheKafka(ExactlyOnce):
    size = 8_000


def test_the_heir_of_a_dead_worker_is_one_that_came_and_one_that_comes(live: LiveRun) -> None:
    records = history(8_000, seed=3)
    first = live.worker("a")
    live.send(records[:3_000])
    eventually("the first one works", lambda: any(live.group_offsets("shopper").values()), 30)
    # when a second one joins while more comes, then leaves in order, then the first one dies
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
