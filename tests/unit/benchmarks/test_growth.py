"""Questions of growth: their shape, the page made of them, and the virtual clock that judges timers."""

import json
from pathlib import Path

from benchmarks.growth import table
from benchmarks.growth.growth import Growth, alternating
from benchmarks.growth.partition import write_records
from benchmarks.growth.pending import evenly, pending, percentile
from benchmarks.growth.virtual import VirtualRun
from benchmarks.table import PAGE, replaced
from pipeline.domain.value.instant import DAY, SECOND

NOW = 20_000 * DAY


def test_the_page_shows_the_results_that_are_kept() -> None:
    page = PAGE.read_text()
    assert page == replaced(page, table.BEGIN, table.END, table.rows())


def test_every_result_has_its_plot() -> None:
    for result in sorted(table.FOLDER.glob("growth-*.json")):
        assert result.stem.removeprefix("growth-") in table.QUESTIONS
        assert (PAGE.parent / "images" / f"{result.stem}.svg").exists()
        assert json.loads(result.read_text())["figures"]["panels"]


def test_repeats_of_different_points_alternate() -> None:
    order: list[str] = []

    def measure(point: str) -> float:
        order.append(point)
        return float(len(order))

    assert alternating(2, {"a": lambda: measure("a"), "b": lambda: measure("b")}) == {"a": [1, 3], "b": [2, 4]}
    assert order == ["a", "b", "a", "b"]


def test_repeats_that_are_added_one_by_one_are_spread_together() -> None:
    found = Growth("t", "x", "m", "g")
    for value in (3.0, 1.0, 2.0):
        found.add("us", "line", 10, [value])
    assert found.panels["us"]["line"]["10"] == {"min": 1.0, "median": 2.0, "max": 3.0}


def test_percentiles() -> None:
    assert percentile([float(one) for one in range(100)], 0.99) == 99.0
    assert percentile([], 0.5) == 0.0


def test_in_virtual_time_all_that_is_due_and_sent_is_decided_never_before_its_instant(tmp_path: Path) -> None:
    """Given 50 carts due within a second, of which the second half falls due while nothing works."""
    run = VirtualRun(tmp_path, NOW, rate=20)
    write_records(run.partition.state, pending(evenly(50, NOW + SECOND, NOW + 2 * SECOND)))
    # When it works, stands still with events coming, and works again
    run.run(NOW + 1_500)
    run.stand_still(NOW + 4 * SECOND, waiting=True)
    run.run(NOW + 9 * SECOND)
    run.partition.close()
    # Then
    carts = [(at, seen) for at, seen in run.lateness if at < NOW + 2 * SECOND]
    assert len(carts) == 50
    assert all(seen >= at for at, seen in run.lateness)
    # All but the last one, which is on its way.
    assert len(run.waits) == 20 * 9 - 1
    assert all(seen > sent for sent, seen in run.waits)
