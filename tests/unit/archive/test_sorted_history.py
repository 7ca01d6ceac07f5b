"""Sorting on disk: however many runs there are, all comes once, in order."""

from pathlib import Path
from random import Random

import pytest

from pipeline.archive.sorted_history import Kept, SortedHistory


def filled(folder: Path, run_bytes: int, fan_in: int = 3, seed: int = 1) -> tuple[SortedHistory, list[Kept]]:
    """A history, and what it should read as."""
    folder.mkdir(exist_ok=True)
    random, history = Random(seed), SortedHistory(folder, run_bytes, fan_in)
    added = []
    for line in range(500):
        received, file, value = random.randrange(40), random.randrange(3), b"%d" % random.randrange(10**6)
        history.add(received, file, line, line % 2, value)
        added.append((received, file, line, line % 2, value))
    history.finish()
    return history, [Kept(received, value) for received, *_, value in sorted(added)]


@pytest.mark.parametrize("run_bytes", [1, 500, 5_000, 10**9])
@pytest.mark.parametrize("fan_in", [2, 7, 1_000])
def test_all_comes_once_in_order(tmp_path: Path, run_bytes: int, fan_in: int) -> None:
    history, wanted = filled(tmp_path / "runs", run_bytes, fan_in)
    assert list(history.read()) == wanted
    assert len(list((tmp_path / "runs").iterdir())) <= fan_in


def test_it_goes_on_behind_what_was_sent_in_another_process_too(tmp_path: Path) -> None:
    _, wanted = filled(tmp_path / "runs", 500)
    again = SortedHistory(tmp_path / "runs")
    for skip in (0, 1, 250, 499, 500):
        assert list(again.read(skip)) == wanted[skip:]


def test_the_order_does_not_depend_on_how_it_was_sorted(tmp_path: Path) -> None:
    few, many = (filled(tmp_path / name, size)[0] for name, size in (("few", 10**9), ("many", 100)))
    assert list(few.read()) == list(many.read())


def test_a_damaged_run_is_noticed(tmp_path: Path) -> None:
    history, _ = filled(tmp_path / "runs", 10**9)
    (run,) = (tmp_path / "runs").iterdir()
    run.write_bytes(run.read_bytes()[:-20])
    with pytest.raises(EOFError):
        list(history.read())


def test_nothing_is_left_of_it_when_it_is_cleared(tmp_path: Path) -> None:
    history, _ = filled(tmp_path / "runs", 500)
    assert not history.empty
    history.clear()
    assert history.empty and list(history.read()) == []
