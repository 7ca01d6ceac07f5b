"""What the runtime needs from the world, as protocols: a state partition, and a transactional outbox."""

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

import msgspec


class Record(msgspec.Struct, gc=False):
    """One consumed record. timestamp: ms, as the broker gives it."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None


class Batch(msgspec.Struct, gc=False):
    """Consecutive records of one partition, in offset order.

    follows: offset of the last record handed out before this batch, or the seek target - 1 after a seek. A processor
    takes a batch only if this is what it last took; transaction markers leave gaps, so offsets alone can't tell.
    """

    topic: str
    partition: int
    follows: int
    records: Sequence[Record]


class Output(msgspec.Struct, gc=False):
    """A record to publish. topic: logical name, the edge maps it to the shop's. partition None: by key (murmur2)."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: list[tuple[str, bytes]] | None = None
    partition: int | None = None


class Checkpoint(msgspec.Struct, gc=False):
    """Where a partition stands; written to its changelog in each batch's transaction, and to the store with its state.

    next_offset: first source offset not yet taken in (-1: nothing taken yet). sources: latest progress of each source
    partition, ms. first_progress: the first progress ever seen, ms (0 = none). time: partition time, ms. format: of state.
    """

    next_offset: int = -1
    sources: dict[int, int] = {}
    first_progress: int = 0
    time: int = 0
    format: int = 1


class Change(msgspec.Struct, gc=False):
    """The final value of one key after a batch; None deletes it. due: its next due time, ms, 0 = none; `was_due`: before."""

    key: bytes
    value: bytes | None
    due: int = 0
    was_due: int = 0


class StatePartition(Protocol):
    """The state of one partition. Every write is atomic: values, due-time index, checkpoint and changelog offset."""

    def get_many(self, keys: Sequence[bytes]) -> list[bytes | None]: ...

    def write(self, changes: Iterable[Change], checkpoint: Checkpoint | None, changelog_offset: int) -> None:
        """Apply one batch. changelog_offset: offset of the last changelog record that this state contains, -1 = none."""
        ...

    def due(self, until: int, limit: int) -> list[tuple[int, bytes]]:
        """Up to `limit` entries (due, key) with due <= until, in order of (due, key). Entries are hints: a key may
        be due later than its entry says, or not at all."""
        ...

    def forget_due(self, entries: Iterable[tuple[int, bytes]]) -> None:
        """Drop due entries that turned out stale, with the next write."""
        ...

    def checkpoint(self) -> Checkpoint: ...

    def changelog_offset(self) -> int: ...

    def scan(self) -> Iterator[tuple[bytes, bytes]]:
        """All (key, value), in key order."""
        ...

    def rebuild_due(self, due_of: "DueOf") -> None:
        """Make the due-time index anew from the values (after a restore)."""
        ...

    def close(self) -> None: ...


class DueOf(Protocol):
    def __call__(self, value: bytes) -> int:
        """The due time, ms, that a stored value asks for; 0 = none."""
        ...


class Outbox(Protocol):
    """The partition's own transactional producer. One transaction a batch; what is produced outside of one is refused."""

    def begin(self) -> None: ...

    def produce(self, output: Output) -> None: ...

    def commit(self) -> None:
        """Make the transaction visible, or raise: `Fenced` if another owner took the partition, `OutboxError` else."""
        ...

    def abort(self) -> None: ...


class OutboxError(Exception):
    """The transaction did not happen; the batch has to be folded anew from the checkpoint."""


class Fenced(OutboxError):
    """Another worker owns this partition now: touch nothing of it any more."""
