"""The shopper agent: canonical events in, decisions out. Wiring only; pipeline/runtime/shopper_fold.py decides."""

from collections.abc import Iterator
from pathlib import Path

from agents.local_state import LocalState
from pipeline.config.memory import DEFAULT_BOUNDS, MemoryBounds
from pipeline.config.topology import Topology
from pipeline.domain.decide import Engine
from pipeline.domain.identity.identities import identities_of
from pipeline.observability.partition_watch import MemoryUse
from pipeline.runtime.cache_budget import CacheBudget
from pipeline.runtime.dead_letter_limit import UNLIMITED, DeadLetterLimit
from pipeline.runtime.isolation import Isolating
from pipeline.runtime.partition import AnyProcessor, PartitionProcessor
from pipeline.runtime.ports import DecisionEncoder, DecisionRenderer, Outbox, StatePartition
from pipeline.runtime.shopper_fold import ShopperFold
from pipeline.runtime.shopper_settings import Settings
from pipeline.state.rocks_memory import RocksSettings
from pipeline.topics import AGENT_TOPICS, SHOPPER

TOPICS = AGENT_TOPICS[SHOPPER]


class ShopperParts(LocalState):
    """What a partition of shoppers is made of."""

    def __init__(
        self,
        topology: Topology,
        encoder: DecisionEncoder,
        directory: Path,
        letters: DeadLetterLimit = UNLIMITED,
        bounds: MemoryBounds = DEFAULT_BOUNDS,
        renderer: DecisionRenderer | None = None,
    ) -> None:
        super().__init__(directory, RocksSettings.shared(bounds.blocks, bounds.writes, topology.kafka.partitions))
        self._caches = CacheBudget(bounds.records)
        self._topology = topology
        self._encoder = encoder
        self._renderer = renderer
        self._letters = letters

    def processor(self, partition: int, state: StatePartition, outbox: Outbox) -> AnyProcessor:
        topology = self._topology
        timing = topology.time
        settings = Settings(
            sources=topology.kafka.partitions,
            stall=None if timing.tick is None else timing.stall,
            letters=self._letters,
            timers_first=False,
        )
        # An engine a partition: it keeps caches, and partitions run on several threads.
        engine = Engine(topology.plan())
        identities = identities_of(engine, settings.shopper_bytes)
        digest_of = engine.erasure.digest if topology.erasure is not None else None
        about = self.codec, self._encoder, settings, self._caches, self._renderer
        fold = ShopperFold(engine, state, *about, identities, digest_of)
        return PartitionProcessor(topology.topic(TOPICS.source), partition, Isolating(fold), state, outbox)

    def memory(self) -> Iterator[MemoryUse]:
        yield from super().memory()
        yield MemoryUse("record_cache", self._caches.used(), self._caches.total)
