"""Sending a history: in order, no faster than asked, and once, whatever becomes of the brokers."""

import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import pytest

from pipeline.archive import sending
from pipeline.archive.progress import HistoryRecord, Progress
from pipeline.archive.sending import Sending
from pipeline.archive.sorted_history import SortedHistory
from pipeline.runtime.ports import Fenced, OutboxAway, OutboxError, Uncertain

EVENTS = 40


class Shared:
    """What all logs of a test write to. troubles: of the writes, in order: what is raised (None: nothing), and whether
    the records are lost."""

    def __init__(self, troubles: Iterable[tuple[OutboxError | None, bool]] = ()) -> None:
        self.records: list[HistoryRecord] = []
        self.troubles: Iterator[tuple[OutboxError | None, bool]] = iter(troubles)
        self.opened = 0

    def open(self) -> "MemoryLog":
        self.opened += 1
        return MemoryLog(self)


class MemoryLog:
    def __init__(self, shared: Shared) -> None:
        self._shared = shared

    def progress(self) -> Progress | None:
        return self._shared.records[-1].progress if self._shared.records else None

    def write(self, records: Iterable[HistoryRecord]) -> None:
        trouble, lost = next(self._shared.troubles, (None, False))
        if not lost:
            self._shared.records += records
        if trouble is not None:
            raise trouble

    def close(self) -> None:
        pass


@pytest.fixture
def history(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> SortedHistory:
    monkeypatch.setattr(sending, "_PAUSE", 0.0)
    monkeypatch.setattr(sending, "_BATCH", 7)
    history = SortedHistory(tmp_path)
    for number in range(EVENTS):
        history.add(number, 0, number, 0, b"%d" % number)
    history.finish()
    return history


def send(history: SortedHistory, shared: Shared, sent: int = 0, rate: int = 10**6) -> list[int]:
    told: list[int] = []
    Sending(history, "h", EVENTS, rate, shared.open, told.append).run(shared.open(), sent)
    return told


def test_all_of_it_in_order_with_how_far_it_has_come(history: SortedHistory) -> None:
    shared = Shared()
    assert send(history, shared) == [7, 14, 21, 28, 35, 40]
    assert [int(one.value) for one in shared.records] == list(range(EVENTS))
    assert [one.progress.sent for one in shared.records] == list(range(1, EVENTS + 1))
    assert shared.records[-1].progress == Progress("h", EVENTS, EVENTS, EVENTS - 1) and shared.records[-1].progress.done


@pytest.mark.parametrize("lost", [True, False], ids=["not written", "written, but nobody knows"])
@pytest.mark.parametrize("trouble", [OutboxAway("away"), Uncertain("in doubt")])
def test_after_trouble_the_log_says_where_to_go_on(history: SortedHistory, trouble: OutboxError, lost: bool) -> None:
    shared = Shared([(None, False), (trouble, lost), (trouble, lost), (None, False), (trouble, lost)])
    send(history, shared)
    assert [int(one.value) for one in shared.records] == list(range(EVENTS))
    assert shared.opened == 4


def test_another_import_that_took_over_stops_this_one(history: SortedHistory) -> None:
    shared = Shared([(None, False), (Fenced("fenced"), True)])
    with pytest.raises(Fenced):
        send(history, shared)
    assert len(shared.records) == 7


def test_it_gives_up_when_the_brokers_stay_away(history: SortedHistory, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "PATIENCE", 0.05)
    always = ((OutboxAway("away"), True) for _ in range(10**9))
    with pytest.raises(OutboxAway):
        send(history, Shared(always))


def test_it_goes_on_behind_what_was_sent(history: SortedHistory) -> None:
    shared = Shared()
    send(history, shared, sent=33)
    assert [int(one.value) for one in shared.records] == list(range(33, EVENTS))
    assert send(history, shared, sent=EVENTS) == []


def test_no_faster_than_asked(history: SortedHistory) -> None:
    begun = time.monotonic()
    send(history, Shared(), rate=100)
    # The last batch need not be waited for.
    assert time.monotonic() - begun >= 0.3
