"""A partition whose disk fails or lies: its lane, its producer and RocksDB together, on the embedded broker."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import msgspec
import pytest
from faust.types import TP

from agents.local_state import LocalState
from pipeline.domain.event import Event
from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.kafka.lane import Lane, Patience
from pipeline.kafka.lifecycle import Stage
from pipeline.kafka.partition_owner import PartitionOwner, Wiring
from pipeline.observability.metrics import Metrics
from pipeline.observability.partition_watch import PartitionWatch
from pipeline.runtime.isolation import Isolating
from pipeline.runtime.partition import AnyProcessor, PartitionProcessor
from pipeline.runtime.ports import Batch, Outbox, Record, StateError, StatePartition, StateWrite
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.rocks_memory import RocksSettings
from pipeline.state.rocksdb import RocksStore
from tests.support.fake_engine import FakeEngine
from tests.support.kafka_reader import read_committed
from tests.support.topology_driver import CODEC, PlainEncoder

pytestmark = pytest.mark.embedded

T = 1_767_434_400_000
RECORDS = [
    Record(
        number,
        T,
        b"u%d" % (number % 400),
        msgspec.json.encode(Event("track", "X", f"u{number % 400}", T + number, T + number, f"m{number}")),
    )
    for number in range(2_000)
]


class Parts(LocalState):
    """broken: makes the store's writes fail."""

    def __init__(self, directory: Path) -> None:
        super().__init__(directory)
        self._store = RocksStore(directory, RocksSettings(cache=1 << 20, write_buffers=1 << 20, write_buffer=1 << 16))
        self.broken = False

    def open_state(self, partition: int) -> StatePartition:
        return _Disk(super().open_state(partition), self)  # type: ignore[return-value]

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor:
        fold = ShopperFold(FakeEngine(10**9), state, CODEC, PlainEncoder(), Settings(1, None, cache_bytes=0))
        return PartitionProcessor("source", partition, Isolating(fold), state, outbox)


class _Disk:
    def __init__(self, inner: StatePartition, parts: Parts) -> None:
        self.inner = inner
        self._parts = parts

    def __getattr__(self, name: str) -> Any:
        return getattr(self.inner, name)

    def write(self, change: StateWrite) -> None:
        if self._parts.broken:
            raise StateError("/data/0: the disk is full; make room, and the state is restored from the changelog")
        self.inner.write(change)


class Source:
    """Feeds a lane from its checkpoint, as the consumer does."""

    async def seek_to_checkpoint(self, next_offsets: Any) -> None: ...

    def hold(self, tp: TP) -> None: ...

    def release(self, tp: TP) -> None: ...


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker({"source": 1, "changes": 1, "decisions": 1, "letters": 1})
    yield embedded
    embedded.close()


def work(broker: EmbeddedBroker, parts: Parts, upto: int, at: Callable[[int], None] = lambda offset: None) -> Stage:
    """Have a lane take the records up to `upto`; where it ended. at: called before each batch."""
    client = {"bootstrap.servers": broker.brokers, "log_level": 0}
    wiring = Wiring(
        source="source",
        changelog="changes",
        outputs={"segment-changes": "decisions", "clickstream-dlq": "letters"},
        transactional_prefix="shop.shopper",
        producer=client,
        consumer={**client, "group.id": "shop.shopper"},
    )

    async def play() -> Stage:
        watch: Any = PartitionWatch(Metrics("shopper"))
        owner = PartitionOwner(0, parts, wiring, WorkerClock(), watch)
        with ThreadPoolExecutor(2) as pool:
            lane = Lane(TP("source", 0), owner, Source(), pool, pool, Patience(tries=4, first=0.01, longest=0.05))
            async with asyncio.timeout(40):
                await lane.open()
                while owner.life.stage is not Stage.FAILED and (lane.next_offset or 0) < upto:
                    begin = lane.next_offset
                    if begin is not None and lane.settled:
                        at(begin)
                        await lane.put(Batch("source", 0, begin - 1, RECORDS[begin : min(begin + 200, upto)]))
                    await asyncio.sleep(0.01)
                stage = owner.life.stage
                await lane.close()
        return stage

    return asyncio.run(play())


def assert_each_decided_once(broker: EmbeddedBroker) -> None:
    said = [
        msgspec.json.decode(each.value or b"")["message_id"] for each in read_committed(broker.brokers, ["decisions"])
    ]
    assert said == [f"m{number}" for number in range(len(RECORDS))]
    assert read_committed(broker.brokers, ["letters"]) == []


def test_a_disk_that_takes_nothing_more_stops_the_partition_and_loses_nothing(
    broker: EmbeddedBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parts = Parts(tmp_path)

    def fill_up(offset: int) -> None:
        parts.broken = offset >= 1_000

    with caplog.at_level(logging.ERROR):
        assert work(broker, parts, 2_000, fill_up) is Stage.FAILED
    assert "The partition failed and stops: StateError: /data/0: the disk is full; make room" in caplog.text
    # when there is room again, and the worker is started anew
    parts.broken = False
    assert work(broker, parts, 2_000) is Stage.PROCESSING
    assert_each_decided_once(broker)


def test_damage_met_while_working_is_set_aside_and_the_state_restored(
    broker: EmbeddedBroker, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    parts = Parts(tmp_path)
    work(broker, parts, 1_000)
    state: Any = parts.open_state(0)
    state.inner._db.flush()
    state.inner._db.compact_range(None, None)
    state.close()
    # given damage that opening the store does not see
    for file in (tmp_path / "0").glob("*.sst"):
        content = bytearray(file.read_bytes())
        for at in range(len(content) // 3, len(content) // 2, 100):
            content[at] ^= 0xFF
        file.write_bytes(content)
    with caplog.at_level(logging.WARNING):
        work(broker, parts, 2_000)
    assert "Local state is of no use, restoring it all" in caplog.text
    assert (tmp_path / "0.corrupt-1").is_dir()
    assert_each_decided_once(broker)
    restored = parts.open_state(0)
    assert sum(1 for _ in restored.scan()) == 400
    assert CODEC.decode(restored.get_many([b"u7"])[0] or b"").sessions == 5
    restored.close()
