"""What an agent's process may keep in memory of what is on disk, or on its way there."""

from dataclasses import dataclass

MIB = 1024 * 1024

DEFAULT_MIB = 288
LEAST_MIB = 16

_PARTS = (4, 2, 3)


@dataclass(frozen=True, slots=True)
class MemoryBounds:
    """Bytes, over all partitions of the process, owned or followed. blocks: of RocksDB's tables, with their indexes and
    filters. writes: RocksDB's memtables. records: cached shopper records."""

    blocks: int
    writes: int
    records: int

    @classmethod
    def of(cls, mib: int) -> "MemoryBounds":
        """So many MiB shared out among the three: 128, 64 and 96 of the default."""
        blocks, writes, records = (mib * MIB * part // sum(_PARTS) for part in _PARTS)
        return cls(blocks, writes, records)


DEFAULT_BOUNDS = MemoryBounds.of(DEFAULT_MIB)
