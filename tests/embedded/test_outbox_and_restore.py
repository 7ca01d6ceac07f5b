"""A partition's producer and the restore of its changelog, on the embedded broker."""

import time
from collections.abc import Iterator, Sequence
from typing import Any

import pytest

from pipeline.kafka.clock import WorkerClock
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.kafka.restore import (
    AheadOfChangelog,
    RestoreStopped,
    StateTooOld,
    first_offset,
    latest_checkpoints,
    restore,
)
from pipeline.runtime.checkpoint import CHECKPOINT_KEY, changelog, decode_checkpoint
from pipeline.runtime.ports import Checkpoint, Output, Record
from tests.support.kafka_reader import read_committed

pytestmark = pytest.mark.embedded


@pytest.fixture
def broker() -> Iterator[EmbeddedBroker]:
    embedded = EmbeddedBroker({"decisions": 8, "changes": 3})
    yield embedded
    embedded.close()


@pytest.fixture
def properties(broker: EmbeddedBroker) -> dict[str, Any]:
    return {"bootstrap.servers": broker.brokers, "log_level": 0}


@pytest.fixture
def outbox(properties: dict[str, Any]) -> Iterator[TransactionalOutbox]:
    opened = TransactionalOutbox(
        properties, "shop.shopper.1", {"segment-changes": "decisions", "changelog": "changes"}, 1, WorkerClock()
    )
    opened.fence(10)
    yield opened
    opened.close()


class Restoring:
    def __init__(self, next_offset: int = 0) -> None:
        self.next_offset = next_offset
        self.values: dict[bytes | None, bytes | None] = {}
        self.complete_at = 0
        self.complete = False

    def apply(self, records: Sequence[Record]) -> None:
        self.values |= {record.key: record.value for record in records}
        self.next_offset = records[-1].offset + 1

    def caught_up(self) -> None:
        self.complete = True


def write(outbox: TransactionalOutbox, values: dict[bytes, bytes], next_offset: int) -> int:
    outbox.begin()
    outbox.produce(Output("segment-changes", key, value, [("ce_id", b"1")]) for key, value in values.items())
    outbox.produce(changelog(1, list(values.items()), Checkpoint(next_offset=next_offset, time=next_offset * 10)))
    return outbox.commit()


def test_decisions_and_changelog_become_visible_together(broker: EmbeddedBroker, outbox: TransactionalOutbox) -> None:
    assert write(outbox, {b"a": b"1", b"b": b"2"}, 7) == 2
    seen = read_committed(broker.brokers, ["decisions", "changes"])
    assert {each.key for each in seen} == {b"a", b"b", CHECKPOINT_KEY}
    assert all(each.headers == [("ce_id", b"1")] for each in seen if each.topic == "decisions")
    assert {each.partition for each in seen if each.topic == "changes"} == {1}


def test_the_offset_of_the_last_changelog_record_is_told(outbox: TransactionalOutbox) -> None:
    assert write(outbox, {b"a": b"1"}, 1) == 1
    # the commit's marker takes an offset too
    assert write(outbox, {b"a": b"2", b"b": b"2", b"c": b"2"}, 2) == 6


def test_what_is_aborted_is_never_seen(broker: EmbeddedBroker, outbox: TransactionalOutbox) -> None:
    outbox.begin()
    outbox.produce([Output("segment-changes", b"a", b"1"), Output("changelog", b"a", b"1")])
    outbox.abort()
    write(outbox, {b"b": b"2"}, 1)
    assert {each.key for each in read_committed(broker.brokers, ["decisions"])} == {b"b"}


def test_keys_are_partitioned_as_java_clients_do(broker: EmbeddedBroker, outbox: TransactionalOutbox) -> None:
    # given the partitions that org.apache.kafka.common.utils.Utils.murmur2 gives these keys among 8
    write(outbox, {b"21": b"", b"foobar": b"", b"a-little-bit-long-string": b""}, 1)
    partitions = {each.key: each.partition for each in read_committed(broker.brokers, ["decisions"])}
    expected = {key: (_murmur2(key) & 0x7FFFFFFF) % 8 for key in (b"21", b"foobar", b"a-little-bit-long-string")}
    assert partitions == expected


def test_a_state_is_restored_from_where_it_stands(outbox: TransactionalOutbox, properties: dict[str, Any]) -> None:
    for number in range(3):
        write(outbox, {b"a": b"%d" % number, b"only-%d" % number: b"x"}, number)
    fresh, told = Restoring(), []
    assert restore(properties, "changes", 1, fresh, progress=lambda *each: told.append(each)).records == 9
    assert fresh.values[b"a"] == b"2"
    assert decode_checkpoint(fresh.values[CHECKPOINT_KEY] or b"").next_offset == 2
    assert told[-1][0] == 9
    # given a state that already holds the first two batches
    known = Restoring(next_offset=8)
    assert restore(properties, "changes", 1, known).records == 3
    assert set(known.values) == {b"a", b"only-2", CHECKPOINT_KEY}
    # and one that holds everything
    assert restore(properties, "changes", 1, Restoring(fresh.next_offset)).records == 0


def test_an_empty_changelog_restores_nothing(properties: dict[str, Any], broker: EmbeddedBroker) -> None:
    assert restore(properties, "changes", 2, Restoring()).records == 0
    assert first_offset(properties, "changes", 2) == 0


def test_a_state_ahead_of_its_changelog_belongs_to_another_one(properties: dict[str, Any]) -> None:
    with pytest.raises(AheadOfChangelog, match="the local state is at 99"):
        restore(properties, "changes", 0, Restoring(next_offset=100))


def test_a_restore_ends_when_the_partition_is_taken_away(
    outbox: TransactionalOutbox, properties: dict[str, Any]
) -> None:
    write(outbox, {b"a": b"1"}, 1)
    with pytest.raises(RestoreStopped):
        restore(properties, "changes", 1, Restoring(), stopped=lambda: True)


def test_the_latest_checkpoint_is_found_at_the_end_alone(
    outbox: TransactionalOutbox, properties: dict[str, Any]
) -> None:
    for number in range(1, 30):
        write(outbox, {b"a": b"1"}, number)
    begun = time.monotonic()
    assert {each: one.time for each, one in latest_checkpoints(properties, "changes", [0, 1, 2]).items()} == {1: 290}
    assert time.monotonic() - begun < 5


def _murmur2(data: bytes) -> int:
    """Kafka's, written down again from its description."""
    size, mask, m = len(data), 0xFFFFFFFF, 0x5BD1E995
    h = (0x9747B28C ^ size) & mask
    for at in range(0, size - size % 4, 4):
        k = int.from_bytes(data[at : at + 4], "little") * m & mask
        k = (k ^ (k >> 24)) * m & mask
        h = (h * m & mask) ^ k
    rest = data[size - size % 4 :]
    if rest:
        h = (h ^ int.from_bytes(rest, "little")) * m & mask
    h = (h ^ (h >> 13)) * m & mask
    return h ^ (h >> 15)


def test_state_that_may_have_missed_a_deletion_is_of_no_use(
    outbox: TransactionalOutbox, properties: dict[str, Any]
) -> None:
    write(outbox, {b"a": b"1"}, 1)
    known = Restoring()
    restore(properties, "changes", 1, known)
    assert known.complete
    # given the worker is away for longer than deletions are kept
    known.complete_at = int((time.time() - 21 * 3600) * 1000)
    # then it may go on as long as nothing happened, and not any more once something did
    assert restore(properties, "changes", 1, known).records == 0
    write(outbox, {b"a": b"2"}, 2)
    with pytest.raises(StateTooOld, match="21 h ago"):
        restore(properties, "changes", 1, known)
    assert known.values[b"a"] == b"1"
    known.complete_at = int((time.time() - 19 * 3600) * 1000)
    assert restore(properties, "changes", 1, known).records == 2
