"""Restore of a state partition from its changelog: committed records only, to the end of the partition."""

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Protocol

import msgspec
from confluent_kafka import Consumer, KafkaError, KafkaException, TopicPartition

from pipeline.kafka.unavailability import is_away
from pipeline.runtime.checkpoint import CHECKPOINT_KEY, decode_checkpoint
from pipeline.runtime.ports import Away, Checkpoint, Record

_BATCH = 20_000
# A longer wait is waited in full although the end of the partition is already there.
_POLL = 0.2
_SILENCE = 60.0
_TAIL = 20

STATE_AGE = 20 * 3600.0
"""Seconds after which local state is of no use if its changelog went on: a change that deletes a key may have come and
gone. Less than Kafka's `delete.retention.ms`, 24 h unless set, for which it is kept at least."""


class Restoring(Protocol):
    """A state partition being restored; `pipeline.state.changelog.Restore`."""

    @property
    def next_offset(self) -> int: ...

    @property
    def complete_at(self) -> int: ...

    def apply(self, records: Sequence[Record]) -> None: ...

    def caught_up(self) -> None: ...


class RestoreError(Exception):
    """The changelog could not be read to its end."""


class ChangelogAway(RestoreError, Away):
    """The brokers did not answer in time."""


class RestoreStopped(Exception):
    """The partition was taken away meanwhile."""


class AheadOfChangelog(Exception):
    """The local state holds changes that the changelog does not: it belongs to another topic and is of no use."""


class StateTooOld(Exception):
    """The local state has not seen its changelog for so long that it may have missed a deletion."""


class Restored(msgspec.Struct):
    """records: changelog records read. seconds: time taken."""

    records: int
    seconds: float


def restore(
    properties: Mapping[str, Any],
    topic: str,
    partition: int,
    restoring: Restoring,
    stopped: Callable[[], bool] = lambda: False,
    progress: Callable[[int, int], None] = lambda records, left: None,
) -> Restored:
    """Bring the state to the end of its changelog, which stands still once the partition is fenced.

    stopped: asked between reads. progress: called with the records read and the offsets left, after each write.
    Raises AheadOfChangelog, StateTooOld, RestoreStopped, RestoreError, StateError.
    """
    begun = time.monotonic()
    consumer = changelog_reader(properties)
    try:
        first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30.0)
        start = max(first, restoring.next_offset)
        if start > end:
            raise AheadOfChangelog(f"{topic}[{partition}] ends at {end}, the local state is at {start - 1}")
        records = 0
        if start < end:
            consumer.assign([TopicPartition(topic, partition, start)])
            records = _read(consumer, restoring, end, stopped, progress)
        if records:
            restoring.caught_up()
        return Restored(records, time.monotonic() - begun)
    except KafkaException as error:
        raise _told(f"{topic}[{partition}]", error) from error
    finally:
        consumer.close()


def check_age(restoring: Restoring) -> None:
    """Before the first change that is applied; a state that has missed none may be of any age. Raises StateTooOld."""
    age = time.time() - restoring.complete_at / 1000
    if restoring.complete_at and age > STATE_AGE:
        raise StateTooOld(f"it was last complete {age / 3600:.0f} h ago; deletions are kept for 24 h")


def first_offset(properties: Mapping[str, Any], topic: str, partition: int) -> int:
    """The first offset that the partition still has. Raises RestoreError."""
    consumer = changelog_reader(properties)
    try:
        first, _ = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30.0)
        return int(first)
    except KafkaException as error:
        raise _told(f"{topic}[{partition}]", error) from error
    finally:
        consumer.close()


def latest_checkpoints(properties: Mapping[str, Any], topic: str, partitions: Sequence[int]) -> dict[int, Checkpoint]:
    """The latest checkpoint of each of these changelog partitions, where there is one: its last record is always one.

    Raises RestoreError.
    """
    consumer = changelog_reader(properties)
    try:
        tails: list[TopicPartition] = []
        found: dict[int, Checkpoint] = {}
        for partition in partitions:
            first, end = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=30.0)
            if end > first:
                # Transaction markers follow the last record.
                tails.append(TopicPartition(topic, partition, max(first, end - _TAIL)))
        if not tails:
            return {}
        consumer.assign(tails)
        ended: set[int | None] = set()
        deadline = time.monotonic() + _SILENCE
        while len(ended) < len(tails) and time.monotonic() < deadline:
            for message in consumer.consume(_BATCH, _POLL):
                value = message.value()
                if message.error() is not None:
                    ended.add(message.partition())
                elif message.key() == CHECKPOINT_KEY and value is not None:
                    found[message.partition() or 0] = decode_checkpoint(value)
        return found
    except KafkaException as error:
        raise _told(topic, error) from error
    finally:
        consumer.close()


def changelog_reader(properties: Mapping[str, Any]) -> Consumer:
    """A consumer of committed records, told of each end of a partition; a member of no group."""
    return Consumer(
        {
            "group.id": "unused",
            **properties,
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
            "enable.auto.commit": False,
            "auto.offset.reset": "error",
            "queued.max.messages.kbytes": 32_768,
            "fetch.wait.max.ms": 100,
        }
    )


def _told(what: str, error: KafkaException) -> RestoreError:
    problem = error.args[0]
    kind = ChangelogAway if is_away(problem) else RestoreError
    return kind(f"{what}: {problem.str()}")


def _read(
    consumer: Consumer,
    restoring: Restoring,
    end: int,
    stopped: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> int:
    total, heard = 0, time.monotonic()
    while not stopped():
        messages = consumer.consume(_BATCH, _POLL)
        if not messages:
            if time.monotonic() - heard > _SILENCE:
                raise ChangelogAway(f"nothing came of the changelog for {_SILENCE:.0f} s; is the broker well?")
            continue
        heard = time.monotonic()
        ended, records = False, []
        for message in messages:
            error = message.error()
            if error is None:
                records.append(Record(message.offset() or 0, message.timestamp()[1], message.key(), message.value()))
            elif error.code() == KafkaError._PARTITION_EOF:
                ended = True
            else:
                raise KafkaException(error)
        if records:
            if not total:
                check_age(restoring)
            restoring.apply(records)
            total += len(records)
            progress(total, max(end - records[-1].offset - 1, 0))
        if ended:
            return total
    raise RestoreStopped
