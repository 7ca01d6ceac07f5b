"""A history that was prepared is found again by an import that is started again, and only by one of the same files."""

from pathlib import Path

from pipeline.archive.prepared_history import PreparedHistory, name_of
from pipeline.archive.reading import Reading, Summary
from pipeline.archive.source import SEGMENT, ArchiveSource
from pipeline.domain.intake.intake import Intake
from tests.support.archived import PLAN, write
from tests.support.shop_history import history


def prepared(folder: Path, path: Path, *, broken: bool = False) -> tuple[PreparedHistory, Summary]:
    one = PreparedHistory(folder, name_of([path], SEGMENT))
    return one, one.prepare(Reading(Intake(PLAN)), [ArchiveSource(path, SEGMENT)], one.letters, broken=broken)


def test_what_was_prepared_is_found_again(tmp_path: Path) -> None:
    path = write(tmp_path / "log.gz", [value for _, value in history(600)])
    first, summary = prepared(tmp_path / "import", path)
    again = PreparedHistory(tmp_path / "import", first.name)
    assert again.summary() == summary and summary.events > 500 and summary.refused == {"undecodable": 1}
    kept = list(again.history.read())
    assert kept == list(first.history.read()) and len(kept) == summary.events
    assert len(again.letters.read_bytes().splitlines()) == 1
    assert not again.sent
    again.history.clear()
    assert again.sent


def test_other_files_or_other_rules_are_another_history(tmp_path: Path) -> None:
    path = write(tmp_path / "log", [b"{}"])
    before = name_of([path], SEGMENT)
    assert name_of([path], SEGMENT) == before != name_of([path], "ga4")
    write(path, [b"{}", b"{}"])
    assert name_of([path], SEGMENT) != before


def test_a_broken_file_leaves_nothing_prepared_unless_it_is_to_be_taken(tmp_path: Path) -> None:
    path = write(tmp_path / "log.gz", [value for _, value in history(600)])
    path.write_bytes(path.read_bytes()[:-200])
    refused, summary = prepared(tmp_path / "import", path)
    assert summary.broken and refused.summary() is None and refused.history.empty and not refused.sent
    taken, summary = prepared(tmp_path / "import", path, broken=True)
    assert taken.summary() == summary and summary.events > 400
