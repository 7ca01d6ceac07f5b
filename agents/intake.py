"""The intake agent: clients' calls in, canonical events and progress out. Wiring only; see
pipeline/runtime/intake_fold.py for what it accepts, and pipeline/kafka/progress_teller.py for when time passes."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.local_state import LocalState
from pipeline.config.topology import Topology
from pipeline.domain.intake.intake import Intake
from pipeline.kafka.clock import Clock
from pipeline.kafka.progress_teller import RestTeller, TickTeller
from pipeline.kafka.restore import latest_checkpoints
from pipeline.kafka.source_watch import Teller
from pipeline.runtime.dead_letter_limit import UNLIMITED, DeadLetterLimit
from pipeline.runtime.intake_fold import BROKER, IntakeFold, IntakeSettings
from pipeline.runtime.isolation import Isolating
from pipeline.runtime.partition import AnyProcessor, PartitionProcessor
from pipeline.runtime.ports import Outbox, StatePartition
from pipeline.state.rocks_memory import RocksSettings
from pipeline.topics import AGENT_TOPICS, INTAKE

TOPICS = AGENT_TOPICS[INTAKE]

# Bytes over all partitions. The store holds one checkpoint a partition, written over with each batch.
_BLOCKS, _WRITES = 4 << 20, 4 << 20


class IntakeParts(LocalState):
    """What a partition of the clickstream is made of."""

    def __init__(self, topology: Topology, directory: Path, letters: DeadLetterLimit = UNLIMITED) -> None:
        super().__init__(directory, RocksSettings.shared(_BLOCKS, _WRITES, topology.kafka.partitions))
        self._letters = letters
        self._topology = topology

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor:
        topology, timing = self._topology, self._topology.time
        settings = IntakeSettings(
            partitions=topology.kafka.partitions,
            received=timing.received,
            skew=None if timing.tick is None or timing.received == BROKER else timing.future_skew,
            progress_every=1 if timing.tick is None else max(1, timing.tick // 5),
            letters=self._letters,
        )
        fold = IntakeFold(Intake(topology.plan()), settings)
        return PartitionProcessor(topology.topic(TOPICS.source), partition, Isolating(fold), state, outbox)


def make_teller(topology: Topology, consumer: Mapping[str, Any], clock: Clock) -> Teller:
    """consumer: client properties for a look at the changelog."""
    timing, partitions = topology.time, topology.kafka.partitions
    if timing.tick is not None:
        return TickTeller(clock, timing.margin, timing.tick, partitions)

    def others(ours: set[int]) -> int:
        theirs = [partition for partition in range(partitions) if partition not in ours]
        checkpoints = latest_checkpoints(consumer, topology.topic(TOPICS.changelog), theirs) if theirs else {}
        return max((checkpoint.time for checkpoint in checkpoints.values()), default=0)

    return RestTeller(others)
