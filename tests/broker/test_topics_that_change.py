"""A topic that changes under a running worker ends it, with a sentence."""

from collections.abc import Callable

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions

from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker


def delete(admin: AdminClient) -> None:
    admin.delete_topics(["shop.shopper-changelog"], operation_timeout=15)["shop.shopper-changelog"].result(15)


def widen(admin: AdminClient) -> None:
    admin.create_partitions([NewPartitions("shopper-events", 6)])["shopper-events"].result(15)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (delete, "Topic shop.shopper-changelog was deleted"),
        (widen, "Topic shopper-events has 6 partitions now, topology.yaml says 4"),
    ],
)
def test_a_worker_ends_when_its_topics_change(
    live: LiveRun, change: Callable[[AdminClient], None], sentence: str
) -> None:
    worker = live.worker("s", "shopper")
    live.send(history(200))
    eventually("it owns its partitions", lambda: "Owns 4 partitions" in worker.text(), 40)
    change(AdminClient({"bootstrap.servers": live.brokers, "log_level": 0}))
    assert worker.process.wait(60) != 0
    assert sentence in worker.text()
