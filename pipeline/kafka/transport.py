"""Record-batch transport: Faust's aiokafka driver, handing an agent whole fetches of one partition at a time.

Faust hands out one message at a time and keeps books by message offset. Here a message is a `Batch`: up to
`batch_records` consecutive records of one partition, and one acknowledgement is one checkpoint. runtime-facts.md, C4
and C9, tells why each override below is needed; tests/embedded guards the private names that they rest on.
"""

import logging
from collections.abc import AsyncIterator, Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple, cast

from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage

from pipeline.kafka.consumer_thread import ConsumerThread, Fetched, Standing
from pipeline.runtime.ports import Batch, Record


class ConsumerOptions(NamedTuple):
    """What the consumer asks of its app (`app.consumer_options`).

    checkpoint_of: next offset of a partition as its checkpoint says, None while it is not open (-1: nothing taken yet).
    brokers_now: the brokers' time, ms, 0 = unknown. on_lost_records: called with (partition, wanted offset, first one
    left) where retention was faster than we. batch_records, batch_bytes: bounds of one batch. fetch_wait_ms: how long a
    broker may hold an empty fetch.
    """

    checkpoint_of: Callable[[TP], int | None]
    brokers_now: Callable[[], int]
    on_lost_records: Callable[[TP, int, int], None]
    batch_records: int = 10_000
    batch_bytes: int = 4 << 20
    fetch_wait_ms: int = 250


class Consumer(driver.Consumer):
    """Yields `Batch` values, and seeks partitions to their own checkpoints."""

    # With Faust's other loggers; mode would name it after this module.
    logger = logging.getLogger("faust.batches")
    _thread: ConsumerThread

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        app: Any = self.app
        self.options: ConsumerOptions = app.consumer_options
        self._turn = 0
        # Faust drops what is behind the last read offset; after a seek back that would drop the re-fetched batch.
        self._read_offset = _Unread()

    def _new_consumer_thread(self) -> ConsumerThread:
        return ConsumerThread(self, loop=self.loop, beacon=self.beacon)

    @property
    def fetch_wait_ms(self) -> int:
        app: Any = self.app
        options: ConsumerOptions = app.consumer_options
        return options.fetch_wait_ms

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, ConsumerMessage]]:
        records, active = await self._wait_next_records(timeout)
        generation = self.app.consumer_generation_id
        if records is None or self.should_stop:
            return
        if not self.flow_active:
            # What was fetched is dropped here. Without the except a revocation in this window crashes the app.
            try:
                await self.perform_seek()
            except Exception as error:
                self.log.info("Could not seek while stopped: %r", error)
            return
        fetched = cast("Mapping[TP, Fetched]", records)
        for tp in self._rotated(fetched):
            if active is not None and tp not in active:
                continue
            self.app.monitor.track_tp_end_offset(tp, self.highwater(tp))
            for batch in self._split(tp, fetched[tp]):
                if not self.flow_active or self.app.consumer_generation_id != generation:
                    return
                yield tp, self._message(tp, batch)

    def _rotated(self, fetched: Mapping[TP, Fetched]) -> list[TP]:
        """Another partition first each time, so that a busy one can't starve the others."""
        order = sorted(fetched)
        if not order:
            return order
        self._turn += 1
        first = self._turn % len(order)
        return order[first:] + order[:first]

    def _split(self, tp: TP, fetched: Fetched) -> Iterator[Batch]:
        most_records, most_bytes, now = self.options.batch_records, self.options.batch_bytes, self.options.brokers_now()
        records: list[Record] = []
        follows, size = fetched.follows, 0
        for record in fetched.records:
            records.append(record)
            size += len(record.value) if record.value is not None else 0
            if len(records) >= most_records or size >= most_bytes:
                yield Batch(tp.topic, tp.partition, follows, records, now, size)
                follows, size, records = record.offset, 0, []
        if records:
            yield Batch(tp.topic, tp.partition, follows, records, now, size)

    def _message(self, tp: TP, batch: Batch) -> ConsumerMessage:
        last = batch.records[-1]
        return ConsumerMessage(
            topic=tp.topic,
            partition=tp.partition,
            offset=last.offset,
            timestamp=last.timestamp / 1000,
            timestamp_type=0,
            headers=None,
            key=None,
            # Faust passes values of topics with raw serializers on untouched, whatever they are.
            value=cast("Any", batch),
            checksum=None,
            tp=tp,
            generation_id=self.app.consumer_generation_id,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Gaps are the links' business; stock arithmetic counts a batch's own offset twice, and commits stall."""

    def _filter_tps_with_pending_acks(self, topics: Any = None) -> Iterator[TP]:
        """Group offsets mirror checkpoints, whatever was acknowledged: lag for the operator, never a place to start."""
        return iter([tp for tp in self.assignment() if topics is None or tp in topics or tp.topic in topics])

    def _new_offset(self, tp: TP) -> int | None:
        self._acked.pop(tp, None)
        self._acked_index.pop(tp, None)
        next_offset = self.options.checkpoint_of(tp)
        return next_offset if next_offset is not None and next_offset >= 0 else None

    async def commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:
        # A commit queued behind a JoinGroup on the same connection is answered with "illegal generation", upon which
        # aiokafka leaves and joins anew: rebalances would go on for ever. The next owner commits what we do not.
        if self.app.rebalancing:
            return False
        return await super().commit(topics, start_new_transaction)

    def resume_partitions(self, tps: Iterable[TP]) -> None:
        # Between this and flow_control.resume() stock Faust fetches, and then clears the queues it fetched into.
        partitions = set(tps)
        if any(not self._is_changelog_tp(tp) for tp in partitions):
            self.stop_flow()
        super().resume_partitions(partitions)

    def on_buffer_full(self, tp: TP) -> None:
        """A full queue holds the fetcher back by itself; pausing all partitions makes stock sleep for a second."""

    def on_buffer_drop(self, tp: TP) -> None:
        """See on_buffer_full."""

    def verify_event_path(self, now: float, tp: TP) -> None:
        """Stock complains of partitions that are not fetched on purpose; our watchdog looks at checkpoints."""

    async def perform_seek(self) -> None:
        """Seek each source partition to its own checkpoint; changelogs are not read through Faust at all."""
        assigned = set(self.assignment())
        await self._thread.pause_fetching(tp for tp in assigned if self._is_changelog_tp(tp))
        next_offsets = {}
        for tp in assigned:
            next_offset = self.options.checkpoint_of(tp)
            if next_offset is not None:
                next_offsets[tp] = next_offset
            elif not self._is_changelog_tp(tp):
                # Still being opened: its lane seeks and releases it.
                self.hold(tp)
        await self.seek_to_checkpoint(next_offsets)

    async def seek_to_checkpoint(self, next_offsets: Mapping[TP, int]) -> None:
        """Fetch anew from these offsets (-1: from the first record there is)."""
        if not next_offsets:
            return
        earliest = await self.earliest_offsets(*next_offsets)
        targets = {}
        for tp, next_offset in next_offsets.items():
            first = earliest.get(tp) or 0
            if 0 <= next_offset < first:
                self.options.on_lost_records(tp, next_offset, first)
            target = max(next_offset, first)
            targets[tp] = (target, (next_offset if next_offset >= 0 else target) - 1)
        await self._thread.seek_linked(targets)
        for tp in targets:
            self._committed_offset.pop(tp, None)

    async def standing(self, partitions: Iterable[TP]) -> dict[TP, Standing]:
        """See ConsumerThread.standing."""
        return await self._thread.standing(partitions)

    @property
    def brokers_away(self) -> bool:
        """See ConsumerThread.coordinator_away."""
        return self._thread.coordinator_away

    async def group_error(self) -> Exception | None:
        """See ConsumerThread.group_error."""
        return await self._thread.group_error()

    def hold(self, tp: TP) -> None:
        """Hand out nothing of one partition while the others go on."""
        self._get_active_partitions().discard(tp)

    def release(self, tp: TP) -> None:
        """End of `hold`."""
        if tp in self.assignment():
            self._get_active_partitions().add(tp)


class _Unread(dict[TP, int | None]):
    """A `_read_offset` that never knows of anything read."""

    def __getitem__(self, tp: TP) -> int | None:
        return None

    def __setitem__(self, tp: TP, offset: int | None) -> None:
        pass


class Transport(driver.Transport):
    """The aiokafka transport with record batches. Registered as `afterclick://` by agent_app.py."""

    Consumer = Consumer
