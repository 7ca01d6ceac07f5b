"""Graves: restores and followers bury as owners do, and nobody goes on where the erased would not be recognised."""

import pytest

from pipeline.domain.past import Past, digest_of
from pipeline.domain.shopper import Shopper
from pipeline.runtime.grave import GRAVE_PREFIX, Graves, decode_grave, encode_grave
from pipeline.runtime.ports import Checkpoint, Record, StateFormatError, StateWrite
from pipeline.state.changelog import Follow, Restore
from pipeline.state.memory import MemoryPartition
from pipeline.state.record import RecordCodec

CODEC = RecordCodec()
GRAVE = GRAVE_PREFIX + b"0123456789abcdef"
PAST = encode_grave(Past(0, 5, 1, 7, suppressed=True, gone=True))


def record(offset: int, key: bytes, value: bytes | None) -> Record:
    return Record(offset, 0, key, value)


def value(due: int) -> bytes:
    return CODEC.encode(Shopper(created=1, due=due))


@pytest.mark.parametrize("kind", [Restore, Follow])
@pytest.mark.parametrize("cut", [False, True], ids=["together", "grave first"])
def test_a_deletion_behind_a_grave_takes_all_due_entries_with_it(kind: type[Restore], cut: bool) -> None:
    # given a store with entries of superseded due times, earlier and later than the present one
    state = MemoryPartition()
    entries = [(5, b"kim"), (9, b"kim"), (70, b"kim"), (9, b"ann")]
    state.write(StateWrite([(b"kim", value(9)), (b"ann", value(9))], 0, None, entries))
    restoring = kind(state, CODEC)
    records = [record(1, GRAVE, PAST), record(2, b"kim", None)]
    for part in [[one] for one in records] if cut else [records]:
        restoring.apply(part)
    assert state.due(10**6, 10) == [(9, b"ann")]
    assert state.get_many([b"kim", GRAVE]) == [None, PAST]
    assert [key for key, _ in state.scan()] == [b"ann"]


def test_what_is_restored_from_a_compacted_log_has_graves_and_no_records_of_the_dead() -> None:
    state = MemoryPartition()
    Restore(state, CODEC).apply([record(0, GRAVE, PAST), record(1, b"ann", value(9))])
    assert state.get_many([GRAVE]) == [PAST]
    assert state.due(10**6, 10) == [(9, b"ann")]
    assert decode_grave(PAST).suppressed


@pytest.mark.parametrize("pepper", [None, "another"])
def test_a_partition_with_graves_stops_where_they_could_not_be_found(pepper: str | None) -> None:
    buried = Graves(MemoryPartition(), lambda shopper: digest_of("salt", "shop", shopper))
    checkpoint = Checkpoint()
    buried.dig([b"kim"], checkpoint)
    buried.enter(checkpoint)
    assert buried.any
    other = None if pepper is None else lambda shopper: digest_of(pepper, "shop", shopper)
    with pytest.raises(StateFormatError, match="would not be recognised"):
        Graves(MemoryPartition(), other).enter(checkpoint)
    Graves(MemoryPartition(), other).enter(Checkpoint())


def test_a_damaged_grave_is_told() -> None:
    with pytest.raises(StateFormatError, match="damaged grave"):
        decode_grave(b"\xc1")
