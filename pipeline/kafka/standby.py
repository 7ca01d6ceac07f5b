"""Following the changelogs of partitions that this worker may inherit, so that taking one over restores only a tail."""

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from pipeline.kafka.restore import AheadOfChangelog, Restoring, StateTooOld, changelog_reader, check_age
from pipeline.observability.log import describe
from pipeline.runtime.ports import Hopeless, Record, StateCorrupt, StatePartition

log = logging.getLogger(__name__)

_BATCH = 10_000
# Waited in full unless that many records come: what changes often is then written once for several changes.
_POLL = 0.25
_ANSWER = 5.0
_FIRST_WAIT, _LONGEST_WAIT = 1.0, 60.0
# A commit is answered before its marker is written: the end of the partition may lag behind a store for a moment.
_AHEAD_TRIES = 4


class StandbyParts(Protocol):
    """What a followed partition is made of; the same files as those of an owned one."""

    def open_state(self, partition: int) -> StatePartition: ...

    def discard_state(self, partition: int) -> None: ...

    def following(self, state: StatePartition) -> Restoring: ...


class StandbyWatch(Protocol):
    """What is told to metrics of standbys."""

    def followed(self, records: int) -> None: ...

    def interrupted(self, reason: str) -> None: ...

    def discarded(self, partition: int, reason: str) -> None: ...


class _Standby(msgspec.Struct):
    """One followed partition, its store open. first: offset of the first record that its changelog had when it was
    opened. lag: offsets between what is applied and what can be read. applied: records so far. behind: changed since
    the end was last reached."""

    state: StatePartition
    restoring: Restoring
    first: int
    lag: int = 0
    applied: int = 0
    behind: bool = False

    @property
    def next_offset(self) -> int:
        return max(self.first, self.restoring.next_offset)


class _Trouble(msgspec.Struct):
    """Failures in a row of one partition, and when it is tried again, monotonic seconds."""

    tries: int = 0
    until: float = 0.0


class Standbys:
    """One thread and one consumer for all partitions that are followed. What goes wrong here goes wrong alone: it is
    logged, counted and tried again after a wait, and at worst the next owner has more to restore.

    A store has one user: `release` returns when the files are let go of, so call it before they are opened elsewhere.
    """

    def __init__(self, topic: str, properties: Mapping[str, Any], parts: StandbyParts, watch: StandbyWatch) -> None:
        self._topic = topic
        self._properties = properties
        self._parts = parts
        self._watch = watch
        self._changed = threading.Condition()
        self._wanted: set[int] = set()
        # Their files are ours, or about to be. Changed under the lock only, by the thread only.
        self._held: set[int] = set()
        self._standbys: dict[int, _Standby] = {}
        self._troubles: dict[int, _Trouble] = {}
        self._closed = False
        # Whether the consumer reads anything else than it should.
        self._stale = False
        self._thread: threading.Thread | None = None

    def follow(self, partitions: Collection[int]) -> None:
        """Follow exactly these from now on. Does not wait."""
        with self._changed:
            self._wanted = set(partitions)
            self._troubles = {each: trouble for each, trouble in self._troubles.items() if each in self._wanted}
            if self._wanted and self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._run, name="standbys", daemon=True)
                self._thread.start()
            self._changed.notify_all()

    def release(self, partition: int) -> None:
        """Stop following a partition; returns when its files are let go of."""
        with self._changed:
            self._wanted.discard(partition)
            self._changed.notify_all()
            self._changed.wait_for(lambda: partition not in self._held)

    def close(self) -> None:
        """Let go of everything, for good."""
        with self._changed:
            self._closed = True
            self._wanted = set()
            self._changed.notify_all()
            self._changed.wait_for(lambda: not self._held)

    def lags(self) -> Mapping[int, int]:
        """Offsets left to apply, by followed partition. From any thread."""
        return {partition: standby.lag for partition, standby in list(self._standbys.items())}

    def _run(self) -> None:
        try:
            consumer = changelog_reader(self._properties)
        except KafkaException as error:
            log.error("Standbys are not followed: %s", error.args[0].str())
            self._watch.interrupted(type(error).__name__)
            return
        try:
            while not self._closed:
                self._settle(consumer)
                if self._standbys:
                    self._step(consumer)
                else:
                    with self._changed:
                        self._changed.wait(_POLL)
        except Exception as error:
            log.error("Standbys are not followed any more: %s", describe(error), exc_info=error)
            self._watch.interrupted(type(error).__name__)
        finally:
            for partition in list(self._held):
                self._let_go(partition)
            consumer.close()
            # The next rebalance begins anew.
            self._thread = None

    def _settle(self, consumer: Consumer) -> None:
        """Make what is followed what is wanted."""
        with self._changed:
            wanted = set(self._wanted)
        for partition in self._held - wanted:
            self._let_go(partition)
        for partition in sorted(wanted - self._held):
            self._take_up(consumer, partition)
        if self._stale:
            self._assign(consumer)
            self._stale = False

    def _assign(self, consumer: Consumer) -> None:
        """Assigning anew drops what was fetched before, so that each partition goes on where its store is."""
        consumer.assign(
            [
                TopicPartition(self._topic, partition, standby.next_offset)
                for partition, standby in self._standbys.items()
            ]
        )

    def _take_up(self, consumer: Consumer, partition: int) -> None:
        with self._changed:
            trouble = self._troubles.get(partition)
            if partition not in self._wanted or (trouble is not None and time.monotonic() < trouble.until):
                return
            self._held.add(partition)
        try:
            self._standbys[partition] = self._opened(consumer, partition)
        except Exception as error:
            self._interrupt(partition, error)
            return
        self._stale = True

    def _opened(self, consumer: Consumer, partition: int) -> _Standby:
        first, end = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), timeout=_ANSWER)
        state = self._parts.open_state(partition)
        try:
            standby = _Standby(state, self._parts.following(state), first)
            standby.lag = end - standby.next_offset
            if standby.lag < 0:
                raise AheadOfChangelog(
                    f"{self._topic}[{partition}] ends at {end}, the local state is at {standby.next_offset - 1}"
                )
        except BaseException:
            state.close()
            raise
        log.info("Following as standby.", extra={"partition": partition, "left": standby.lag})
        return standby

    def _step(self, consumer: Consumer) -> None:
        records: dict[int, list[Record]] = {}
        ended: set[int] = set()
        for message in consumer.consume(_BATCH, _POLL):
            partition = message.partition()
            error = message.error()
            if error is None:
                records.setdefault(partition or 0, []).append(
                    Record(message.offset() or 0, message.timestamp()[1], message.key(), message.value())
                )
            elif error.code() == KafkaError._PARTITION_EOF:
                ended.add(partition or 0)
            else:
                self._complain(message, error)
        for partition, of_partition in records.items():
            self._apply(consumer, partition, of_partition)
        for partition in ended & self._standbys.keys():
            self._reach_end(partition, self._standbys[partition])

    def _reach_end(self, partition: int, standby: _Standby) -> None:
        standby.lag = 0
        try:
            if standby.behind:
                standby.restoring.caught_up()
        except Exception as error:
            self._interrupt(partition, error)
            return
        standby.behind = False
        self._troubles.pop(partition, None)

    def _complain(self, message: Message, error: KafkaError) -> None:
        """Only what is said of a partition matters: the client connects again by itself."""
        partition = message.partition()
        if message.topic() == self._topic and partition in self._standbys:
            self._interrupt(partition, KafkaException(error))
        else:
            log.debug("Standbys: %s", error.str())

    def _apply(self, consumer: Consumer, partition: int, records: Sequence[Record]) -> None:
        standby = self._standbys.get(partition)
        if standby is None:
            return
        if partition not in self._wanted:
            # Wanted again a moment later, it would go on behind these records.
            self._let_go(partition)
            return
        try:
            if not standby.applied:
                check_age(standby.restoring)
            standby.restoring.apply(records)
            _, end = consumer.get_watermark_offsets(TopicPartition(self._topic, partition), cached=True)
        except Exception as error:
            self._interrupt(partition, error)
            return
        standby.lag = max(end - records[-1].offset - 1, 0)
        standby.applied += len(records)
        standby.behind = True
        self._watch.followed(len(records))

    def _interrupt(self, partition: int, error: Exception) -> None:
        """Stop following a partition for a while; for good if trying again changes nothing."""
        trouble = self._troubles.setdefault(partition, _Trouble())
        trouble.tries += 1
        wait = min(_FIRST_WAIT * 2 ** (trouble.tries - 1), _LONGEST_WAIT)
        trouble.until = float("inf") if isinstance(error, Hopeless) else time.monotonic() + wait
        log.warning("Standby is not followed for now: %s", describe(error), extra={"partition": partition})
        self._watch.interrupted(type(error).__name__)
        self._close(partition)
        ahead = isinstance(error, AheadOfChangelog) and trouble.tries >= _AHEAD_TRIES
        if ahead or isinstance(error, StateCorrupt | StateTooOld):
            self._discard(partition, error)
        self._let_go(partition)

    def _discard(self, partition: int, why: Exception) -> None:
        try:
            self._parts.discard_state(partition)
            self._watch.discarded(partition, type(why).__name__)
        except Exception as error:
            log.warning(
                "The files of a standby can't be set aside: %s", describe(error), extra={"partition": partition}
            )

    def _close(self, partition: int) -> None:
        standby = self._standbys.pop(partition, None)
        if standby is not None:
            standby.state.close()
            self._stale = True

    def _let_go(self, partition: int) -> None:
        self._close(partition)
        with self._changed:
            self._held.discard(partition)
            self._changed.notify_all()
