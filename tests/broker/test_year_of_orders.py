"""A year of the Online Retail shop through a real Apache Kafka: no decision and no state changes if the worker dies."""

from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from pipeline.config.topology import load
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.replay.mapping import load_mapping
from pipeline.replay.partition import Partition
from pipeline.replay.reader import readings
from pipeline.replay.source import Value
from pipeline.replay.table import TableSource
from pipeline.runtime.ports import RESERVED
from pipeline.state.record import RecordCodec
from tests.support.kafka_reader import decisions, read_committed
from tests.support.live_run import History, LiveRun
from tests.support.shop_state import opened
from tests.support.worker_process import afterclick, eventually

pytestmark = [pytest.mark.broker, pytest.mark.real_input]

REPOSITORY = Path(__file__).parents[2]
MAPPING = REPOSITORY / "docs" / "examples" / "online-retail.mapping.yaml"
TOPOLOGY = REPOSITORY / "tests" / "real_input" / "online-retail.topology.yaml"


@pytest.fixture(scope="module")
def orders(shared: Path) -> History:
    """All orders and refunds as calls, keyed by customer; those of nobody with an empty key."""
    lines = shared / "data" / "online_retail" / "online_retail.csv.gz"
    calls = [value for _, value, _ in TableSource(str(lines), load_mapping(MAPPING))]
    return [((msgspec.json.decode(value)["userId"] or "").encode(), value) for value in calls]


@pytest.fixture
def shop(live: LiveRun) -> Iterator[LiveRun]:
    """The wholesaler's topology on four partitions."""
    live.topology.write_text(TOPOLOGY.read_text() + "kafka: {partitions: 4, replication: 1}\n")
    made = afterclick("topics", "--topology", live.topology, "--brokers", live.brokers)
    assert made.returncode == 0, made.stderr
    return live


def test_a_worker_killed_in_the_middle_changes_nothing(shop: LiveRun, orders: History) -> None:
    expected = shop.replayed(orders)
    intake, shopper = shop.worker("i", "intake"), shop.worker("s", "shopper")
    # given both agents are in the middle of the history
    shop.send(orders[: len(orders) // 2])
    eventually("some decisions", lambda: len(decisions(shop.brokers)) > 0, 60)
    # when both are killed, one of them with its disk
    shopper.kill(wipe=True)
    intake.kill()
    told = len(decisions(shop.brokers))
    # and, further on in the history, once more
    shop.send(orders[len(orders) // 2 :])
    shopper.start()
    intake.start()
    eventually("it goes on", lambda: len(decisions(shop.brokers)) > told, 60)
    intake.kill()
    shopper.kill()
    assert 0 < told < len(decisions(shop.brokers)) < len(expected)
    shopper.start()
    intake.start()
    # then the decisions are those of an undisturbed replay, each once, and so is what is known of every customer
    shop.assert_decides_as(expected, 180)
    known = expected_states(shop, orders)
    eventually("time has passed for all", lambda: states(shop) == known, 30)


def states(shop: LiveRun) -> dict[str, Shopper]:
    """The state of each shopper as the changelog has it."""
    latest = {}
    for seen in read_committed(shop.brokers, [load(shop.topology, {}).topic("shopper-changelog")]):
        if seen.key is not None and seen.key[:1] != RESERVED and seen.value is not None:
            latest[seen.key.decode()] = seen.value
    codec = RecordCodec()
    return {shopper: opened(codec.decode(value)) for shopper, value in latest.items()}


def expected_states(shop: LiveRun, orders: History) -> dict[str, Shopper]:
    """The state of each shopper after an undisturbed run of the core."""
    plan = load(shop.topology, {}).plan()
    partition = Partition(0, Engine(plan), lambda outcome, shopper, source: None, "shopper-events")
    end = 0
    for received, call, *_ in readings([Calls(orders)], Intake(plan)):
        end = received
        if isinstance(call, Event):
            partition.apply(call)
    partition.advance(end)
    return {shopper: opened(record) for shopper, record in partition.shoppers()}


class Calls:
    """A history as an input of replay."""

    name, size = "calls", 0

    def __init__(self, history: History) -> None:
        self._history = history

    def __iter__(self) -> Iterator[Value]:
        return ((number, value, None) for number, (_, value) in enumerate(self._history, 1))

    def read(self) -> int:
        return 0
