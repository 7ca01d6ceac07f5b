"""The directory that one worker process owns."""

from pathlib import Path

import pytest

from pipeline.data_directory import DataDirectory, DataDirectoryError


def test_a_second_worker_is_told_who_has_it_and_what_to_do(tmp_path: Path) -> None:
    owner = DataDirectory(tmp_path / "new" / "intake")
    with pytest.raises(DataDirectoryError, match=r"in use by another worker \(process \d+\).*--data-dir"):
        DataDirectory(owner.path)


def test_it_is_free_again_when_the_owner_is_gone(tmp_path: Path) -> None:
    DataDirectory(tmp_path).release()
    DataDirectory(tmp_path).release()


def test_one_that_can_not_be_written_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(DataDirectoryError, match="AFTERCLICK_DATA_DIR"):
        DataDirectory(tmp_path / "file" / "intake")
