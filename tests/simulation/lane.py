"""One partition of an agent on a simulated worker: what the Kafka edge does around a processor, without Kafka."""

from collections import deque
from collections.abc import Callable
from typing import Any, Protocol

import msgspec

from pipeline.runtime.fold import Fold
from pipeline.runtime.partition import PartitionProcessor
from pipeline.runtime.ports import Batch, StatePartition
from pipeline.state.changelog import Restore
from pipeline.state.memory import MemoryPartition
from tests.simulation.broker import SimulatedBroker, SimulatedOutbox
from tests.support.topology_driver import CODEC, FlakyState

QUEUED = 2


class Agent(msgspec.Struct, frozen=True):
    """fold: makes one over a state; at is called within it."""

    name: str
    source: str
    partitions: int
    fold: Callable[[StatePartition, Callable[[str], None]], Fold[Any]]

    @property
    def changelog(self) -> str:
        return f"{self.name}-changelog"


class LaneKey(msgspec.Struct, frozen=True, order=True):
    agent: str
    partition: int

    def __str__(self) -> str:
        return f"{self.agent}[{self.partition}]"


class Surroundings(Protocol):
    """at: called at each crash point of a lane, and in each call to the broker; raises what goes wrong."""

    broker: SimulatedBroker

    def at(self, lane: "SimulatedLane", point: str) -> None: ...

    def restored(self, lane: "SimulatedLane") -> None: ...

    def size(self) -> int: ...

    def timers(self) -> int: ...


class Standing(msgspec.Struct, frozen=True):
    """The source was at its end: at this time nothing lay behind this offset."""

    time: int
    end: int


class SimulatedLane:
    """Fenced, restored, fed from a queue of fetched batches, told the time when idle.

    disk: survives the process. held: fenced, so it waits a while for a rebalance. owes: a try failed, so there may be
    something to catch up on. stopped: taken away while it was at work. cut: taken away and given back meanwhile.
    sweeping: at work on a slice of a sweep.
    """

    def __init__(self, world: Surroundings, agent: Agent, key: LaneKey, disk: MemoryPartition) -> None:
        self.world = world
        self.agent = agent
        self.key = key
        self.disk = disk
        self.processor: PartitionProcessor[Any] | None = None
        self.state = FlakyState(disk)
        self.queue: deque[Batch] = deque()
        self.last: Batch | None = None
        self.standing: Standing | None = None
        self.held = self.owes = self.stopped = self.cut = self.sweeping = False
        self.position = -1

    @property
    def is_open(self) -> bool:
        return self.processor is not None and not self.processor.closed

    def at(self, point: str) -> None:
        self.world.at(self, point)

    def open(self) -> None:
        """Fence, restore to the end of the changelog, fire what is due, and seek to the checkpoint."""
        self.close()
        self.state.broken = self.owes = self.held = False
        self.at("before fence")
        outbox = SimulatedOutbox(
            self.world.broker, f"{self.agent.name}.{self.key.partition}", self.agent.changelog, self.at
        )
        self.at("after fence")
        restore = Restore(self.state, CODEC)
        while records := self.changelog(restore.next_offset):
            self.at("inside restore")
            restore.apply(records)
        self.at("after restore")
        self.world.restored(self)
        processor: PartitionProcessor[Any] = PartitionProcessor(
            self.agent.source,
            self.key.partition,
            self.agent.fold(self.state, self.at),
            self.state,
            outbox,
            self.at,
        )
        processor.start(0)
        # One that failed to start is not to be used.
        self.processor = processor
        self.seek()

    def changelog(self, offset: int) -> list[Any]:
        """The next committed records to restore, from `offset` on."""
        return self.world.broker.read(self.agent.changelog, self.key.partition, offset, 40)

    def source(self) -> list[Any]:
        """The next committed records to take, behind the position."""
        return self.world.broker.read(self.agent.source, self.key.partition, self.position + 1, self.world.size())

    def seek(self) -> None:
        """To the checkpoint; what has been fetched is thrown away."""
        assert self.processor is not None
        self.queue.clear()
        self.position = self.processor.next_offset - 1
        self.standing = None

    def fetch(self) -> bool:
        """Queue the next batch; False if there is no room, or nothing to fetch: then this is where it stands."""
        if len(self.queue) >= QUEUED:
            return False
        records = self.source()
        if not records:
            self.standing = Standing(self.world.broker.now, self.position)
            return False
        self.queue.append(Batch(self.agent.source, self.key.partition, self.position, records, self.world.broker.now))
        self.position = records[-1].offset
        return True

    def take(self) -> bool:
        """Process the next batch of the queue; False if it is empty. Raises as PartitionProcessor.process."""
        if not self.queue or self.processor is None:
            return False
        self.cut = False
        batch = self.last = self.queue.popleft()
        while not self._paced().process(batch).finished:
            self.at("between rounds")
            if self.stopped or self.cut:
                return True
        self.at("before acknowledge")
        return True

    def _paced(self) -> PartitionProcessor[Any]:
        """The processor, told how many timers its next round may take: any number, as on a machine that is busy at
        times."""
        assert self.processor is not None
        self.processor.pace(self.world.timers())
        return self.processor

    def tell(self, until: int) -> bool:
        """Tell the processor that all that was received before `until` is in, if it has taken all there was."""
        standing, processor = self.standing, self.processor
        if standing is None or processor is None or self.queue or processor.next_offset <= standing.end:
            return False
        processor.idle(until)
        return True

    def revoked(self) -> None:
        """Taken away by a rebalance, and given back by it: what it cut short is finished first."""
        self.cut = self.owes = True
        self.seek()

    def catch_up(self) -> bool:
        """One round of what is behind; False if nothing is."""
        if self.processor is None or not self.processor.behind:
            return False
        self._paced().catch_up()
        return True

    def sweep(self) -> bool:
        """One slice; False if nothing is left of another plan."""
        if self.processor is None or not self.processor.sweeping:
            return False
        self.sweeping = True
        try:
            self.processor.sweep()
        finally:
            self.sweeping = False
        return True

    def try_again(self) -> None:
        """After a failure that left the processor open: let it go on from its checkpoint, then the source."""
        assert self.processor is not None
        while not self.processor.catch_up().finished:
            pass
        self.seek()
        self.owes = False

    def close(self) -> None:
        """Let go. What was fetched is gone, the disk stays."""
        if self.processor is not None:
            self.processor.close()
            self.processor = None
        self.queue.clear()
        self.standing = None
