"""The first start of a group skips nothing, and commits exactly what was taken (runtime-facts.md, D2)."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, TopicPartition

from agents.local_state import LocalState
from pipeline.kafka.agent_app import AgentApp, AgentPlace, make_agent_app
from pipeline.kafka.client import Client
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch
from pipeline.runtime.checkpoint import copy_checkpoint
from pipeline.runtime.fold import Counts, Effects
from pipeline.runtime.partition import AnyProcessor, PartitionProcessor
from pipeline.runtime.ports import Batch, Checkpoint, Outbox, Record, StatePartition
from tests.support.kafka_reader import send

pytestmark = pytest.mark.embedded

PARTITIONS = 4
RECORDS = 2_000


class Recording:
    """A fold that only remembers the offsets that it took."""

    def __init__(self, taken: dict[int, list[int]]) -> None:
        self._taken = taken
        self._partition = -1
        self._offsets: list[int] = []

    def decode(self, batch: Batch) -> list[int]:
        return [record.offset for record in batch.records]

    def fold(self, batch: Batch, decoded: list[int], start: int, checkpoint: Checkpoint) -> Effects:
        checkpoint = copy_checkpoint(checkpoint)
        if decoded:
            checkpoint.next_offset = decoded[-1] + 1
        self._partition, self._offsets = batch.partition, decoded
        return Effects(checkpoint, len(decoded), True, Counts(records=len(decoded)), [])

    def refused(self, record: Record, item: int | None, error: Exception) -> None:
        return None

    def sweep(self, batch: Batch, checkpoint: Checkpoint) -> None:
        return None

    def idle(self, partition: int, checkpoint: Checkpoint, until: int) -> None:
        return None

    def pace(self, timers: int) -> None:
        return None

    def keep(self) -> None:
        if self._offsets:
            self._taken.setdefault(self._partition, []).extend(self._offsets)
        self._offsets = []

    def drop(self) -> None:
        self._offsets = []


class RecordingParts(LocalState):
    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self.taken: dict[int, list[int]] = {}

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor:
        return PartitionProcessor("source", partition, Recording(self.taken), state, outbox)


@pytest.fixture(scope="module")
def broker() -> Iterator[EmbeddedBroker]:
    topics = {"source": PARTITIONS} | {f"changes-{number}": PARTITIONS for number in range(6)}
    embedded = EmbeddedBroker(topics)
    send(embedded.brokers, "source", [(b"%d" % number, b"x" * 200) for number in range(RECORDS)])
    yield embedded
    embedded.close()


async def run(app: AgentApp, done: Any) -> None:
    app.in_worker = True
    await app.start()
    async with asyncio.timeout(20):
        while not done():
            await asyncio.sleep(0.05)
    await app.leave(5)


@pytest.mark.parametrize("number", range(6))
def test_every_record_is_taken_once_in_order_and_its_offset_committed(
    broker: EmbeddedBroker, tmp_path: Path, number: int
) -> None:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    parts = RecordingParts(tmp_path / "state")
    group = f"first-{number}"
    place = AgentPlace(group, "source", f"changes-{number}", PARTITIONS, {}, tmp_path, check_crcs=False)
    app = make_agent_app(place, Client(broker.brokers, {}), parts, WorkerClock(), PartitionWatch(Metrics("test")))
    # Small batches, so that many are on their way while the streams are resumed.
    app.consumer_options = app.consumer_options._replace(batch_records=20)

    @app.agent(app.topic("source", key_serializer="raw", value_serializer="raw"))
    async def agent(batches: Any) -> None:
        async for batch in batches:
            await app.take(batch)

    loop.run_until_complete(run(app, lambda: sum(map(len, parts.taken.values())) >= RECORDS))
    loop.close()

    assert sum(map(len, parts.taken.values())) == RECORDS
    assert all(taken == list(range(len(taken))) for taken in parts.taken.values())
    assert committed(broker, group) == {partition: taken[-1] + 1 for partition, taken in parts.taken.items()}


def committed(broker: EmbeddedBroker, group: str) -> dict[int, int]:
    consumer = Consumer({"bootstrap.servers": broker.brokers, "group.id": group, "log_level": 0})
    places = [TopicPartition("source", partition) for partition in range(PARTITIONS)]
    found = {each.partition: each.offset for each in consumer.committed(places, 10)}
    consumer.close()
    return found
