"""How RocksDB is set up, and the memory that the partitions of one process share: block cache and write buffers."""

import msgspec
from rocksdict import BlockBasedOptions, Cache, DBCompressionType, Options, WriteBufferManager

MIB = 1024 * 1024

_LARGEST_BUFFER, _LEAST_BUFFER = 8 * MIB, MIB // 4
_LEAST_PER_PARTITION = MIB // 16
_ARENAS = 32
"""Parts of a write buffer that it takes memory in; it takes the first one, and its bloom filter, with its first key."""


class RocksSettings(msgspec.Struct, frozen=True):
    """Sizes in bytes. cache: blocks, index and filters of all partitions together. write_buffers: memtables of all
    partitions together; one partition's is written out at write_buffer. block: small, as single records are read."""

    cache: int = 128 * MIB
    write_buffers: int = 64 * MIB
    write_buffer: int = _LARGEST_BUFFER
    block: int = 8 * 1024
    background_jobs: int = 2
    open_files: int = 256

    @classmethod
    def shared(cls, cache: int, write_buffers: int, partitions: int) -> "RocksSettings":
        """For up to `partitions` stores at once, owned or followed.

        What an almost empty memtable takes grows with its size, and RocksDB answers a budget that is used up by writing
        out whatever is written next: were the least that all take together near the budget, each write would make a
        file. So the more partitions, the smaller each one's, and the budget has a least size of its own. A partition
        has two at most, one that is filled and one that is written out: on a disk that does not keep up, all of them
        take twice the budget.
        """
        budget = max(write_buffers, partitions * _LEAST_PER_PARTITION)
        return cls(cache, budget, min(max(budget // partitions, _LEAST_BUFFER), _LARGEST_BUFFER))


class SharedMemory:
    """One block cache and one budget of memtables over all partitions that are opened with its `options`."""

    def __init__(self, settings: RocksSettings) -> None:
        self.settings = settings
        self._cache = Cache(settings.cache)
        # Memtables are written out from 7/8 of it on, each when its partition is written to. Stalled at the bound, a
        # partition would wait for ever for what idle ones hold.
        self._buffers = WriteBufferManager(settings.write_buffers, False)

    def cached(self) -> int:
        """Bytes in the block cache: blocks, index and filters."""
        return int(self._cache.get_usage())

    def buffered(self) -> int:
        """Bytes in memtables, also in those that are being written out."""
        return int(self._buffers.get_usage())

    def options(self) -> Options:
        settings = self.settings
        blocks = BlockBasedOptions()
        blocks.set_block_cache(self._cache)
        blocks.set_block_size(settings.block)
        blocks.set_bloom_filter(10, False)
        blocks.set_cache_index_and_filter_blocks(True)
        blocks.set_pin_l0_filter_and_index_blocks_in_cache(True)
        blocks.set_format_version(5)
        options = Options(raw_mode=True)
        options.create_if_missing(True)
        options.set_block_based_table_factory(blocks)
        options.set_write_buffer_manager(self._buffers)
        options.set_write_buffer_size(settings.write_buffer)
        options.set_arena_block_size(max(settings.write_buffer // _ARENAS, 4096))
        options.set_memtable_whole_key_filtering(True)
        # Ten bits a key of records as small as 60 bytes.
        options.set_memtable_prefix_bloom_ratio(0.02)
        options.set_compression_type(DBCompressionType.lz4())
        options.set_level_compaction_dynamic_level_bytes(True)
        options.set_max_background_jobs(settings.background_jobs)
        options.set_max_open_files(settings.open_files)
        # Until `RocksStore.open` has compared the files with the manifest.
        options.set_disable_auto_compactions(True)
        options.set_max_total_wal_size(4 * settings.write_buffer)
        options.set_keep_log_file_num(2)
        # Fired due entries leave tombstones at the head of the index, where every scan begins.
        options.add_compact_on_deletion_collector_factory(2_000, 1_000, 0.5)
        return options
