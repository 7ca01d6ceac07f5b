"""The RocksDB partitions of one agent's process; the half of `pipeline.kafka.partition_owner.Parts` that both share."""

from collections.abc import Iterator
from pathlib import Path

from pipeline.observability.partition_watch import MemoryUse
from pipeline.runtime.ports import StatePartition
from pipeline.state.changelog import Follow, Restore
from pipeline.state.record import RecordCodec
from pipeline.state.rocks_memory import RocksSettings
from pipeline.state.rocksdb import RocksStore


class LocalState:
    """directory: this process's own. settings: what the stores of all its partitions, owned or followed, share."""

    def __init__(self, directory: Path, settings: RocksSettings | None = None) -> None:
        self._store = RocksStore(directory, settings)
        self.codec = RecordCodec()

    def open_state(self, partition: int) -> StatePartition:
        return self._store.open(str(partition))

    def discard_state(self, partition: int) -> None:
        self._store.quarantine(str(partition))

    def restoring(self, state: StatePartition) -> Restore:
        return Restore(state, self.codec)

    def following(self, state: StatePartition) -> Follow:
        return Follow(state, self.codec)

    def memory(self) -> Iterator[MemoryUse]:
        """What is bounded over all partitions. From any thread."""
        shared = self._store.memory
        yield MemoryUse("block_cache", shared.cached(), shared.settings.cache)
        yield MemoryUse("write_buffers", shared.buffered(), shared.settings.write_buffers)
