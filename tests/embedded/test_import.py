"""A history that is taken in before a shop goes live: workers decide what a replay of it decides, silently."""

import pytest

from tests.support.import_run import ImportRun
from tests.support.live_run import LiveRun
from tests.support.shop_history import MESSAGING
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded


@pytest.fixture
def messaging() -> str:
    return MESSAGING


def test_a_history_is_taken_in_silently_and_live_events_go_on_from_it(live: LiveRun) -> None:
    run = ImportRun(live)
    worker = live.worker("a")
    told = run.done("--rate", "100000")
    assert "files: 2," in told and "refused, in" in told and "All is on the log." in told
    run.assert_on_the_log_once()
    run.assert_taken_in_silently()
    # a second run of the same changes nothing
    run.done()
    run.assert_on_the_log_once()
    run.goes_live()
    assert worker.stop() == 0


def test_an_import_that_is_killed_goes_on_where_the_log_says(live: LiveRun) -> None:
    run = ImportRun(live, events=1_500)
    for least in (1, 500):
        importing = run.start("--rate", "200")
        eventually("some of it is on the log", lambda least=least: len(run.log()) > least)
        importing.kill()
        importing.wait()
    assert least < len(run.log()) < 1_500
    run.done("--rate", "100000")
    run.assert_on_the_log_once()
    worker = live.worker("a")
    run.assert_taken_in_silently()
    assert worker.stop() == 0


def test_another_history_waits_for_one_that_was_not_finished(live: LiveRun) -> None:
    run = ImportRun(live, events=1_500)
    importing = run.start("--rate", "200")
    eventually("some of it is on the log", lambda: bool(run.log()))
    importing.kill()
    importing.wait()
    (run.archive / "0" / "more.ndjson").write_bytes(run.past[0][1] + b"\n")
    refused = run.run()
    assert refused.returncode == 1 and "Another import stopped at" in refused.stderr


def test_a_history_of_before_what_is_known_would_be_late_and_is_refused(live: LiveRun) -> None:
    run = ImportRun(live, events=500)
    run.done("--rate", "100000")
    later = run.archive / "0" / "later.ndjson"
    later.write_bytes(run.past[0][1].replace(b"2026-01-01", b"2025-06-01") + b"\n")
    refused = run.run()
    assert refused.returncode == 1 and "would count as late" in refused.stderr


def test_nothing_is_sent_of_an_archive_with_a_broken_file_unless_it_is_to_be(live: LiveRun) -> None:
    run = ImportRun(live, events=500)
    whole = next(run.archive.rglob("*.gz")).read_bytes()
    (run.archive / "broken.ndjson.gz").write_bytes(whole[: len(whole) // 2])
    refused = run.run()
    assert refused.returncode == 1 and "Nothing was sent." in refused.stderr
    assert "broken.ndjson.gz cannot be read to its end" in refused.stdout
    assert run.log() == []
    run.done("--take-broken", "--rate", "100000")
    assert len(run.log()) > 500
