"""Reading an archive: hostile rows are refused with their bytes, their neighbours are taken, and all is sorted."""

import base64
import gzip
import io
import json
import tracemalloc
from pathlib import Path
from typing import Any

import pytest

from pipeline.archive.reading import Reading, Summary
from pipeline.archive.sorted_history import SortedHistory
from pipeline.archive.source import FORMATS, LIMIT, SEGMENT, ArchiveSource, files_of
from pipeline.archive.text import found
from pipeline.domain.definition import Plan
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake_definition import DROP, IntakeDefinition
from pipeline.domain.value.instant import DAY, format_instant
from pipeline.replay.source import InputError
from tests.support.archived import write
from tests.support.shop_history import START

INTAKE = Intake(Plan("shop", "digest"))


def call(number: int, at: int | None = None, **more: Any) -> dict[str, Any]:
    received = format_instant(START + number * 1_000 if at is None else at)
    told = {"type": "track", "event": "Product Viewed", "userId": "u", "messageId": f"m{number}"}
    return {**told, "timestamp": received, "receivedAt": received, **more}


def read(folder: Path, *files: Path, live_from: int = 0, form: str = SEGMENT) -> tuple[Summary, list[bytes], list[Any]]:
    """The summary, the values in order, and the dead letters."""
    (folder / "sorted").mkdir(exist_ok=True)
    history, letters = SortedHistory(folder / "sorted"), io.BytesIO()
    summary = Reading(INTAKE, live_from).read([ArchiveSource(path, form) for path in files], history, letters)
    history.finish()
    return (
        summary,
        [kept.value for kept in history.read()],
        [json.loads(one) for one in letters.getvalue().splitlines()],
    )


def ids(values: list[bytes]) -> list[str]:
    return [json.loads(value)["messageId"] for value in values]


HOSTILE = {
    "undecodable": b'{"type":"track","userId":"\xff\xfe"}',
    "not_an_object": b"[1,2]",
    "too_deep": b'{"type":"track","userId":"u","event":"x","properties":' + b'{"a":' * 400 + b"1" + b"}" * 401,
    "oversize": b'{"type":"track","userId":"u","event":"' + b"x" * (3 * LIMIT) + b'"}',
    "unknown_type": b'{"type":"parade","userId":"u"}',
    "missing_id": b'{"type":"track","event":"x"}',
    "invalid_time": b'{"type":"track","userId":"u","event":"x","timestamp":"yesterday"}',
}
NUMBERS = [b"NaN", b"1e400", b"9" * 400]


@pytest.mark.parametrize("reason", HOSTILE)
@pytest.mark.parametrize("ending", [b"\n", b"\r\n", b""])
def test_a_hostile_row_is_refused_with_its_bytes_and_its_neighbours_are_taken(
    tmp_path: Path, reason: str, ending: bytes
) -> None:
    before, after = (json.dumps(call(number)).encode() for number in (1, 2))
    path = tmp_path / "log"
    path.write_bytes(before + b"\n" + after + b"\n" + HOSTILE[reason] + ending)
    summary, values, letters = read(tmp_path, path)
    assert ids(values) == ["m1", "m2"] and summary.events == 2
    assert [letter["reason"] for letter in letters] == [reason] and summary.refused == {reason: 1}
    assert letters[0]["position"] == {"file": str(path), "line": 3, "item": None}
    original = letters[0]["original"]
    kept = base64.b64decode(original) if letters[0]["encoding"] == "base64" else original.encode()
    assert HOSTILE[reason].startswith(kept) and len(kept) >= min(len(HOSTILE[reason]), LIMIT)
    assert summary.examples[0].startswith(f"{path}:3: {reason}")


@pytest.mark.parametrize("number", NUMBERS)
def test_numbers_beyond_all_bounds_harm_nobody(tmp_path: Path, number: bytes) -> None:
    odd = json.dumps(call(2, properties={"price": "PRICE"})).encode().replace(b'"PRICE"', number)
    summary, values, _ = read(tmp_path, write(tmp_path / "log", [json.dumps(call(1)).encode(), odd, call(3)]))
    assert {"m1", "m3"} <= set(ids(values)) and summary.events + sum(summary.refused.values()) == 3


def test_a_row_that_never_ends_takes_no_more_memory_than_others(tmp_path: Path) -> None:
    path = tmp_path / "log.gz"
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(json.dumps(call(1)).encode() + b"\n")
        for _ in range(200):
            file.write(b"x" * 1_000_000)
        file.write(b"\n" + json.dumps(call(2)).encode())
    tracemalloc.start()
    summary, values, _ = read(tmp_path, path)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert ids(values) == ["m1", "m2"] and summary.refused == {"oversize": 1}
    assert most < 30_000_000


def test_a_file_that_breaks_off_is_told_of_and_its_neighbours_are_read(tmp_path: Path) -> None:
    whole = gzip.compress(b"".join(json.dumps(call(number)).encode() + b"\n" for number in range(1, 2_000)))
    (tmp_path / "b.gz").write_bytes(whole[: len(whole) // 2])
    (tmp_path / "c.gz").write_bytes(whole[:-9] + b"123456789")
    files = [
        write(tmp_path / "a.gz", [call(5_000)]),
        tmp_path / "b.gz",
        tmp_path / "c.gz",
        write(tmp_path / "d.gz", [call(5_001)]),
    ]
    summary, values, _ = read(tmp_path, *files)
    assert {"m1", "m5000", "m5001"} <= set(ids(values))
    assert [sentence.partition(" ")[0] for sentence in summary.broken] == [
        str(tmp_path / "b.gz"),
        str(tmp_path / "c.gz"),
    ]


def test_what_was_received_after_going_live_is_left_to_live_traffic(tmp_path: Path) -> None:
    live_from = START + 2_000
    summary, values, letters = read(tmp_path, write(tmp_path / "log", map(call, range(5))), live_from=live_from)
    assert ids(values) == ["m0", "m1"] and summary.later == 3 and not letters
    assert (summary.first, summary.last) == (START, START + 1_000)


def test_what_the_topology_leaves_out_is_counted_and_neither_history_nor_a_dead_letter(tmp_path: Path) -> None:
    intake = Intake(Plan("shop", "digest", intake=IntakeDefinition(bots=DROP)))
    bot = call(1, context={"userAgent": "Mozilla/5.0 (compatible; Googlebot/2.1)"})
    (tmp_path / "sorted").mkdir()
    history, letters = SortedHistory(tmp_path / "sorted"), io.BytesIO()
    sources = [ArchiveSource(write(tmp_path / "log", [call(0), bot, call(2)]), SEGMENT)]
    summary = Reading(intake).read(sources, history, letters)
    history.finish()
    assert ids([kept.value for kept in history.read()]) == ["m0", "m2"]
    assert (summary.left_out, summary.refused, letters.getvalue()) == ({"bot": 1}, {}, b"")
    assert "1 left out by `intake` of the topology: bot" in list(found(summary, None))


def test_files_and_their_rows_come_in_order_of_time_wherever_they_stand(tmp_path: Path) -> None:
    late, early = [call(number) for number in (9, 7, 8)], [call(number) for number in (2, 9, 1)]
    _, values, _ = read(tmp_path, write(tmp_path / "1", late), write(tmp_path / "2.gz", early))
    assert ids(values) == ["m1", "m2", "m7", "m8", "m9", "m9"]


def test_calls_without_any_time_are_no_history(tmp_path: Path) -> None:
    timeless = {"type": "track", "event": "x", "userId": "u"}
    summary, values, letters = read(tmp_path, write(tmp_path / "log", [timeless, call(1)]))
    assert ids(values) == ["m1"] and [letter["reason"] for letter in letters] == ["invalid_time"]
    assert summary.events == 1


def test_names_are_counted(tmp_path: Path) -> None:
    rows = [call(number, event=f"name {number % 300}") for number in range(600)]
    summary, _, _ = read(tmp_path, write(tmp_path / "log", rows))
    assert summary.events == 600 and len(summary.names) == 201
    assert summary.names["name 1"] == 2 and summary.names["(others)"] == 200


@pytest.mark.parametrize("form", [form for form in FORMATS if form != "csv"])
def test_an_empty_file_and_blank_lines_are_nothing(tmp_path: Path, form: str) -> None:
    summary, values, letters = read(
        tmp_path, write(tmp_path / "a", []), write(tmp_path / "b.gz", [b"", b"  "]), form=form
    )
    assert (summary.events, values, letters, summary.broken) == (0, [], [], [])


def test_folders_are_read_with_all_below_but_markers(tmp_path: Path) -> None:
    for name in ("2026/11/30/b.gz", "2026/11/29/a.gz", "_SUCCESS", ".hidden/x", "2026/.part"):
        path = tmp_path / "logs" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    named = tmp_path / "_named"
    assert files_of([tmp_path / "logs", named]) == [
        tmp_path / "logs/2026/11/29/a.gz", tmp_path / "logs/2026/11/30/b.gz", named,
    ]  # fmt: skip
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="has no files"):
        files_of([tmp_path / "empty"])


def test_a_reading_of_days_takes_as_much_memory_as_one_of_hours(tmp_path: Path) -> None:
    def most(events: int) -> int:
        (tmp_path / f"{events}").mkdir()
        rows = (call(number, START + (events - number) * (DAY // 1_000)) for number in range(events))
        path = write(tmp_path / f"{events}.gz", rows)
        history = SortedHistory(tmp_path / f"{events}", run_bytes=200_000)
        tracemalloc.start()
        Reading(INTAKE).read([ArchiveSource(path, SEGMENT)], history, None)
        history.finish()
        _, found = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return found

    assert most(24_000) < 1.5 * most(4_000)
