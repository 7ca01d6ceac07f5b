"""The RocksDB partitions of one agent's process; the half of `pipeline.kafka.partition_owner.Parts` that both share."""

from pathlib import Path

from pipeline.runtime.ports import StatePartition
from pipeline.state.changelog import Follow, Restore
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore


class LocalState:
    """directory: this process's own."""

    def __init__(self, directory: Path) -> None:
        self._store = RocksStore(directory)
        self.codec = RecordCodec()

    def open_state(self, partition: int) -> StatePartition:
        return self._store.open(str(partition))

    def discard_state(self, partition: int) -> None:
        self._store.quarantine(str(partition))

    def restoring(self, state: StatePartition) -> Restore:
        return Restore(state, self.codec)

    def following(self, state: StatePartition) -> Follow:
        return Follow(state, self.codec)
