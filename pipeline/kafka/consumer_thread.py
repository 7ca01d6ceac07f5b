"""The aiokafka consumer behind the transport, on its own loop: fetches linked to each other, seeks, what is read."""

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Any, NamedTuple

import aiokafka
from aiokafka.consumer import consumer as consumer_module
from aiokafka.consumer import fetcher
from aiokafka.errors import IllegalStateError, KafkaError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP

from pipeline.kafka.group_member import GroupMember
from pipeline.runtime.ports import Record

if TYPE_CHECKING:
    from pipeline.kafka.transport import Consumer


class Fetched(NamedTuple):
    """follows: offset of the last record fetched before these, or the seek target - 1."""

    follows: int
    records: Sequence[Record]


class Standing(NamedTuple):
    """How far a source partition was read at one instant, all of it seen by one fetch answer.

    last: offset of the last record fetched, or the seek target - 1. position: where the next fetch begins, behind
    transaction markers too. end, readable: end of the partition, and of what is readable now, which open transactions
    hold back. confirmed: monotonic seconds, at or before the fetch answer that said so.
    """

    last: int
    position: int
    end: int
    readable: int
    confirmed: float

    @property
    def at_end(self) -> bool:
        """Nothing was left, not even in open transactions."""
        return self.position >= self.end

    def lag(self, next_offset: int) -> int:
        """Records not taken yet of those that can be read, at most: offsets count markers too."""
        if self.position >= self.readable and next_offset > self.last:
            return 0
        return max(self.readable - next_offset, 0)


class _Answer(NamedTuple):
    """The latest fetch answer of a partition: aiokafka's stamp of it, an instant before it, when we last looked."""

    stamp: int | None
    confirmed: float | None
    asked: float


class _Unpacked(fetcher.PartitionRecords):  # type: ignore[misc]  # aiokafka tells no types
    """Fetched records as our own. aiokafka's hold eleven fields each, seven of which nobody here reads, and are tracked
    by the collector of cycles: they cost more than all the rest of fetching."""

    def _consumer_record(self, tp: TP, record: Any) -> Record:
        return Record(record.offset, record.timestamp, record.key, record.value)


# Both take the class from their module, and no other consumer is in this process.
fetcher.PartitionRecords = _Unpacked
consumer_module.GroupCoordinator = GroupMember


class ConsumerThread(driver.AIOKafkaConsumerThread):
    """All that links one fetch to the next is kept and changed on this thread's loop, so that a record fetched before
    a seek can never be taken for one fetched after it."""

    # With Faust's other loggers; mode would name it after this module.
    logger = logging.getLogger("faust.batches")
    consumer: "Consumer"

    def __post_init__(self) -> None:
        super().__post_init__()
        self._last: dict[TP, int] = {}
        self._assignment: Any = None
        self._answers: dict[TP, _Answer] = {}

    async def seek_linked(self, targets: Mapping[TP, tuple[int, int]]) -> None:
        """Seek each partition to an offset, naming the offset that the next record will be said to follow."""
        await self.call_thread(self._seek_linked, targets)

    async def pause_fetching(self, partitions: Iterable[TP]) -> None:
        """Fetch nothing of these partitions, not even ahead."""
        await self.call_thread(self._pause_fetching, set(partitions))

    async def standing(self, partitions: Iterable[TP]) -> dict[TP, Standing]:
        """How far each partition is read. One without two different fetch answers so far is left out."""
        answer: dict[TP, Standing] = await self.call_thread(self._standing, list(partitions))
        return answer

    async def group_error(self) -> Exception | None:
        """What went wrong in the group since last asked. aiokafka stops to take part until someone asks; Faust never
        does, so a worker would hang for ever, owning nothing. MembershipLost: for good."""
        error: Exception | None = await self.call_thread(self._group_error)
        return error

    @property
    def coordinator_away(self) -> bool:
        """Whether the group's coordinator was known and does not answer any more. From any thread."""
        member = self._consumer._coordinator if self._consumer is not None else None
        return member is not None and member.coordinator_id is None

    async def on_thread_stop(self) -> None:
        try:
            await super().on_thread_stop()
        except asyncio.CancelledError:
            # A fetch that waits to be tried again is cancelled by aiokafka's closing, which then tells it to us.
            self.log.info("A fetch was under way when the consumer closed.")

    async def _group_error(self) -> Exception | None:
        member = self._consumer._coordinator if self._consumer is not None else None
        try:
            if member is not None:
                member.check_membership()
        except Exception as error:
            return error
        return None

    def _create_worker_consumer(self, transport: Any) -> aiokafka.AIOKafkaConsumer:
        consumer = super()._create_worker_consumer(transport)
        # Faust reads uncommitted records unless its own exactly-once is on, and waits 1.5 s for data: an idle partition
        # would then confirm its end too seldom for timers.
        for name, value in {
            "_isolation_level": "read_committed",
            "_fetch_max_wait_ms": self.consumer.fetch_wait_ms,
        }.items():
            if not hasattr(consumer, name):
                raise AttributeError(f"aiokafka has no {name} any more")
            setattr(consumer, name, value)
        return consumer

    async def _fetch_records(self, *args: Any, **kwargs: Any) -> Any:
        records = await super()._fetch_records(*args, **kwargs)
        # Nothing may be awaited from here on: a seek would slip between the records and their link.
        fetched, links = {}, self._links()
        for tp, of_partition in records.items():
            fetched[tp] = Fetched(links.get(tp, of_partition[0].offset - 1), of_partition)
            links[tp] = of_partition[-1].offset
        return fetched

    async def _commit(self, offsets: Mapping[TP, int]) -> bool:
        # Stock crashes the worker on most errors; nothing depends on the group offset.
        consumer = self._ensure_consumer()
        try:
            await consumer.commit({tp: offsets[tp] for tp in consumer.assignment() if tp in offsets})
        except (KafkaError, IllegalStateError) as error:
            self.log.info("Group offsets not committed this time: %r", error)
            return False
        return True

    def _links(self) -> dict[TP, int]:
        """Offset of the last record fetched, or the seek target - 1, by partition, under the present assignment.

        A new one is fetched from where the group stood until it is sought to its checkpoint, and that follows nothing
        of before, whatever its offsets: linked to it, records behind would look like a source that went back, and those
        between the checkpoint and an offset further on would be skipped as if they were markers.
        """
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription else None
        if assignment is not self._assignment:
            self._assignment, self._last = assignment, {}
        return self._last

    async def _seek_linked(self, targets: Mapping[TP, tuple[int, int]]) -> None:
        consumer, links = self._ensure_consumer(), self._links()
        for tp in consumer.assignment():
            if tp in targets:
                offset, follows = targets[tp]
                consumer.seek(tp, offset)
                links[tp] = follows

    async def _pause_fetching(self, partitions: set[TP]) -> None:
        consumer = self._ensure_consumer()
        consumer.pause(*(tp for tp in consumer.assignment() if tp in partitions))

    async def _standing(self, partitions: list[TP]) -> dict[TP, Standing]:
        subscription = self._ensure_consumer()._subscription.subscription
        assignment = subscription.assignment if subscription else None
        if assignment is None or not assignment.active:
            return {}
        asked, standings, links = monotonic(), {}, self._links()
        for tp in partitions:
            if tp not in assignment.tps or tp not in links:
                continue
            state = assignment.state_value(tp)
            if state.highwater is None or not state.has_valid_position:
                continue
            answer = self._answers.get(tp)
            if answer is None or answer.stamp != state.timestamp:
                # aiokafka stamps answers by the wall clock, which may jump: only that the stamp changed is used.
                # The answer came after the last time that we looked.
                answer = _Answer(state.timestamp, answer.asked if answer else None, asked)
            self._answers[tp] = answer._replace(asked=asked)
            if answer.confirmed is not None:
                readable = state.highwater if state.lso is None else state.lso
                standings[tp] = Standing(links[tp], state.position, state.highwater, readable, answer.confirmed)
        return standings
