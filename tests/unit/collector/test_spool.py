"""What was appended is there after a crash, in order; what was torn is not."""

from pathlib import Path

import pytest

from pipeline.collector.record import Record
from pipeline.collector.spool import Spool, SpoolFull


def record(number: int) -> Record:
    return Record(b"k", f"value {number}".encode() * 10, 1_700_000_000_000 + number)


def all_of(spool: Spool) -> list[Record]:
    found = []
    while (oldest := spool.oldest()) is not None:
        segment, records = oldest
        found += list(records)
        spool.remove(segment)
    return found


def test_records_come_back_in_order_after_the_process_is_gone(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 1_000_000, segment_bytes=500)
    for number in range(0, 100, 2):
        spool.append([[record(number)], [record(number + 1)]])
    assert len(list(tmp_path.iterdir())) > 5
    again = Spool(tmp_path, 1_000_000, segment_bytes=500)
    again.append([[record(100)]])
    assert again.size == sum(path.stat().st_size for path in tmp_path.iterdir())
    assert all_of(again) == [record(number) for number in range(101)]
    assert again.empty and list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("cut", [1, 3, 60])
def test_a_torn_end_is_cut_off(tmp_path: Path, cut: int) -> None:
    Spool(tmp_path, 1_000_000).append([[record(1), record(2)]])
    file = next(tmp_path.iterdir())
    file.write_bytes(file.read_bytes()[:-cut])
    again = Spool(tmp_path, 1_000_000)
    again.append([[record(3)]])
    assert all_of(again) == [record(1), record(3)]


def test_a_full_spool_takes_nothing_of_a_group(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 300)
    spool.append([[record(1)]])
    with pytest.raises(SpoolFull):
        spool.append([[record(2), record(3), record(4)]])
    assert all_of(spool) == [record(1)]


def test_what_is_appended_while_the_oldest_is_sent_goes_into_another_file(tmp_path: Path) -> None:
    spool = Spool(tmp_path, 10_000)
    spool.append([[record(1)]])
    oldest = spool.oldest()
    assert oldest is not None
    spool.append([[record(2)]])
    assert list(oldest[1]) == [record(1)]
    spool.remove(oldest[0])
    assert all_of(spool) == [record(2)]
