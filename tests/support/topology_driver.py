"""The whole road without Kafka, in the spirit of Kafka Streams' TopologyTestDriver: synchronous, with a settable time.

A driver runs the partitions of one agent over a MemoryBroker. Crashes are injected at the processor's crash points; a
crashed partition is fenced, restored (from its store, or from the changelog alone) and goes on from its checkpoint.
"""

from collections.abc import Callable, Iterator
from typing import Any

import msgspec

from pipeline.domain.decision import DECISION_TOPICS, Decision
from pipeline.runtime.decider import Decider
from pipeline.runtime.fold import Counts, Fold
from pipeline.runtime.grave import DigestOf
from pipeline.runtime.partition import Discontinuity, PartitionProcessor
from pipeline.runtime.ports import SHOPPER_EVENTS, Batch, OutboxError, StatePartition, StateWrite
from pipeline.runtime.progress import progress_records
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.changelog import Restore
from pipeline.state.memory import MemoryPartition
from pipeline.state.record import RecordCodec
from tests.support.memory_broker import Crash, MemoryBroker, MemoryOutbox

CODEC = RecordCodec()


class PlainEncoder:
    """Decisions as JSON of their fields, with their source."""

    def encode(self, decision: Decision, source: dict[str, Any]) -> tuple[bytes, list[tuple[str, bytes]]]:
        body = {**msgspec.to_builtins(decision), "source": source}
        return msgspec.json.encode(body), [("ce_id", decision.id.encode())]


class FlakyState:
    """A store whose next write can be made to fail."""

    def __init__(self, inner: StatePartition) -> None:
        self._inner = inner
        self.broken = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def write(self, change: StateWrite) -> None:
        if self.broken:
            raise OSError("disk full")
        self._inner.write(change)


class Lane:
    """One partition of the agent. state survives a crash, unless it is wiped. `at` and `trouble` may be replaced."""

    def __init__(self, driver: "AgentDriver", partition: int) -> None:
        self.driver = driver
        self.partition = partition
        self.state: StatePartition = MemoryPartition()
        self.at: Callable[[str], None] = lambda step: None
        self.trouble: Callable[[str], None] = lambda call: None
        self.open()

    def open(self, wipe: bool = False) -> None:
        """Fence, restore, and stand at the checkpoint."""
        driver, changelog = self.driver, f"{self.driver.agent}-changelog"
        self.outbox = MemoryOutbox(
            driver.broker, f"{driver.agent}-{self.partition}", changelog, lambda call: self.trouble(call)
        )
        if wipe:
            self.state = MemoryPartition()
        restore = Restore(self.state, CODEC)
        restore.apply(driver.broker.read(changelog, self.partition, restore.next_offset))
        self.processor: PartitionProcessor[Any] = PartitionProcessor(
            driver.source,
            self.partition,
            driver.fold(self.state),
            self.state,
            self.outbox,
            lambda step: self.at(step),
        )
        self.processor.start(0)
        self.position = self.processor.next_offset - 1

    def catch_up(self) -> None:
        while not self.count(self.processor.catch_up()):
            pass

    def poll(self, size: int) -> bool:
        """Take the next batch of at most `size` records; False if there is none."""
        records = self.driver.broker.read(self.driver.source, self.partition, self.position + 1, size)
        if not records:
            return False
        batch = Batch(self.driver.source, self.partition, self.position, records, self.driver.broker.now)
        self.position = records[-1].offset
        while not self.count(self.processor.process(batch)):
            pass
        return True

    def sweep(self) -> bool:
        """Sweep a slice; False once nothing is left to do."""
        return not self.count(self.processor.sweep())

    def count(self, taken: Any) -> bool:
        self.driver.counts.append(taken.counts)
        return bool(taken.finished)


class AgentDriver:
    """All partitions of one agent."""

    def __init__(
        self,
        broker: MemoryBroker,
        agent: str,
        source: str,
        fold: Callable[[StatePartition], Fold[Any]],
        sizes: Callable[[], int] = lambda: 5_000,
    ) -> None:
        self.broker = broker
        self.agent = agent
        self.source = source
        self.fold = fold
        self.sizes = sizes
        self.counts: list[Counts] = []
        self.lanes = [Lane(self, partition) for partition in range(broker.partitions.get(source, 1))]

    def run(self) -> None:
        """Until everything there is has been taken."""
        for lane in self.lanes:
            lane.catch_up()
        while any(lane.poll(self.sizes()) for lane in self.lanes):
            pass
        for lane in self.lanes:
            lane.catch_up()

    def run_with_crash(self, lane: Lane, step: str, nth: int, wipe: bool) -> bool:
        """As `run`, but `lane` crashes when it is at `step` for the nth time. Returns whether it did."""
        left = [nth]

        def at(now: str) -> None:
            if now == step:
                left[0] -= 1
                if left[0] == 0:
                    raise Crash

        lane.at = at
        crashed = False
        try:
            self.run()
        except Crash:
            crashed = True
            lane.at = lambda now: None
            lane.open(wipe)
            self.run()
        return crashed

    def retry(self, lane: Lane, size: int) -> None:
        """Poll as the Kafka edge does: a batch refused or failed is fetched again from the checkpoint."""
        while True:
            try:
                if not lane.poll(size):
                    return
            except (Discontinuity, OutboxError):
                if lane.processor.closed:
                    lane.open()
                lane.position = lane.processor.next_offset - 1

    def total(self, name: str) -> int:
        return sum(getattr(counts, name) for counts in self.counts)

    def state(self) -> dict[bytes, bytes]:
        return {key: value for lane in self.lanes for key, value in lane.state.scan()}


def shopper_fold(
    engine: Decider, settings: Settings, digest_of: DigestOf | None = None
) -> Callable[[StatePartition], ShopperFold]:
    return lambda state: ShopperFold(engine, state, CODEC, PlainEncoder(), settings, digest_of=digest_of)


def shopper_driver(
    broker: MemoryBroker,
    engine: Decider,
    settings: Settings,
    sizes: Callable[[], int] = lambda: 5_000,
    digest_of: DigestOf | None = None,
) -> AgentDriver:
    return AgentDriver(broker, "shopper", SHOPPER_EVENTS, shopper_fold(engine, settings, digest_of), sizes)


def send_progress(broker: MemoryBroker, source: int, until: int) -> None:
    broker.publish(progress_records(source, until, broker.partitions.get(SHOPPER_EVENTS, 1)))


def decisions(broker: MemoryBroker) -> Iterator[dict[str, Any]]:
    for topic in DECISION_TOPICS:
        for record in broker.all(topic):
            yield msgspec.json.decode(record.value or b"")
