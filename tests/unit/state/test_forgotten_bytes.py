"""What was deleted is in no file of a store once it was compacted, whatever went before."""

from pathlib import Path

from pipeline.domain.shopper import Shopper, TraitValue
from pipeline.erasing.audit import compact_stores, in_stores
from pipeline.erasing.needle import Needle
from pipeline.runtime.grave import due_entries_of
from pipeline.runtime.ports import StateWrite
from pipeline.state.record import RecordCodec
from pipeline.state.rocksdb import RocksStore

CODEC = RecordCodec()
ID, EMAIL = "kim-who-is-forgotten", "kim.forgotten@shop.example"


def record(email: str, due: int) -> bytes:
    return CODEC.encode(Shopper(created=1, due=due, traits={"email": TraitValue(email, 1, "m")}))


def test_nothing_is_left_of_who_was_erased_after_a_compaction(tmp_path: Path) -> None:
    # given a record that was written many times, in many files, with entries of superseded due times
    store = RocksStore(tmp_path / "shopper" / "state")
    state = store.open("0")
    for number in range(400):
        others = [(f"other-{each}".encode(), record(f"o{each}@shop.example", 0)) for each in range(20)]
        due = 10_000 - number
        state.write(
            StateWrite(
                [(ID.encode(), record(EMAIL, due)), *others],
                number,
                None,
                [(due, ID.encode())] if number % 9 == 0 else [],
            )
        )
        if number % 100 == 50:
            state.compact()
    needles = [Needle(ID), Needle(EMAIL)]
    before = {finding.what for finding in in_stores([tmp_path], needles, compacted=True)}
    assert before == {"row of the store", "file of the store, until it is compacted"}

    # when it is erased
    dropped = due_entries_of(state, [ID.encode()])
    assert len(dropped) > 40
    state.write(StateWrite([(b"\x00erased/1", b"g"), (ID.encode(), None)], 400, None, (), dropped))
    state.close()

    # then no row names it, and after a compaction no byte of a file does
    assert all(finding.allowed for finding in in_stores([tmp_path], needles, compacted=False))
    compact_stores([tmp_path])
    assert list(in_stores([tmp_path], needles, compacted=True)) == []
    state = store.open("0")
    assert len(list(state.scan())) == 20
    state.close()


def test_a_file_that_nothing_overlaps_is_written_anew_too(tmp_path: Path) -> None:
    state = RocksStore(tmp_path / "shopper" / "state").open("0")
    state.write(StateWrite([(ID.encode(), record(EMAIL, 0))], 0))
    state.write(StateWrite([(ID.encode(), None)], 1))
    state.close()
    compact_stores([tmp_path])
    assert list(in_stores([tmp_path], [Needle(ID), Needle(EMAIL)], compacted=True)) == []
