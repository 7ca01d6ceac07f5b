"""`afterclick import`: dry runs, exit codes and sentences."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.archived import write
from tests.support.replaying import TOPOLOGY, call


def topology(time: str) -> str:
    return TOPOLOGY.replace("time: {", f"time: {{{time}, ", 1)


READY = topology('received: field, tick: off, live_from: "2026-02-01T00:00:00Z"')


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(READY)
    good = [call("ann", "Product Viewed", f"2026-01-{day:02}T10:00:00Z") for day in (9, 3)]
    later = call("ann", "Product Viewed", "2026-02-03T10:00:00Z")
    write(tmp_path / "log.ndjson.gz", [*good, b"nonsense", later])
    return tmp_path


def run(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["import", *arguments])


def test_a_dry_run_counts_and_writes_nothing(shop: Path) -> None:
    result = run("log.ndjson.gz", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "1 file: 2 events, received 2026-01-03T10:00:00.000Z to 2026-01-09T10:00:00.000Z" in result.output
    assert "1 received at or after time.live_from are left to live traffic." in result.output
    assert "1 refused:" in result.output and "log.ndjson.gz:3: undecodable" in result.output
    assert "Nothing was written." in result.output
    assert sorted(path.name for path in shop.iterdir()) == ["log.ndjson.gz", "topology.yaml"]


def test_a_dry_run_may_write_what_is_refused(shop: Path) -> None:
    assert run("log.ndjson.gz", "--dry-run", "--dead-letters", "bad.ndjson").exit_code == 0
    (letter,) = map(json.loads, (shop / "bad.ndjson").read_text().splitlines())
    assert (letter["reason"], letter["original"], letter["position"]["line"]) == ("undecodable", "nonsense", 3)


def test_a_dry_run_needs_no_topology_for_history_and_says_what_is_wrong(shop: Path) -> None:
    (shop / "topology.yaml").write_text(TOPOLOGY)
    result = run("log.ndjson.gz", "--dry-run")
    assert result.exit_code == 0 and "received: field, tick: off, live_from: 2026" in result.output


@pytest.mark.parametrize(
    "time, wanted",
    [
        ("received: field, tick: off", "live_from"),
        ("received: field, live_from: 2026-02-01", "tick: off"),
        ("tick: off, live_from: 2026-02-01", "received: field"),
    ],
)
def test_a_topology_that_is_not_for_history_is_2(shop: Path, time: str, wanted: str) -> None:
    (shop / "topology.yaml").write_text(topology(time))
    result = run("log.ndjson.gz")
    assert result.exit_code == 2 and f"needs `time: {{{wanted}" in result.output


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["nowhere.gz"], "nowhere.gz cannot be read: No such file or directory."),
        (
            ["log.ndjson.gz", "--format", "parquet"],
            "--format parquet is none of segment, rudderstack",
        ),
        (["log.ndjson.gz", "--format", "csv"], "CSV needs --mapping FILE"),
        (["log.ndjson.gz", "--format", "ga4", "--mapping", "topology.yaml"], "CSV needs --mapping FILE"),
        (["log.ndjson.gz", "--rate", "0"], "--rate"),
        (["log.ndjson.gz", "--mapping", "nowhere.yaml"], "nowhere.yaml cannot be read"),
        ([], "INPUT"),
    ],
)
def test_wrong_arguments_are_2(shop: Path, arguments: list[str], sentence: str) -> None:
    result = run(*arguments, "--dry-run")
    assert result.exit_code == 2, result.output
    assert sentence in " ".join(result.output.split())


def test_nothing_usable_is_1(shop: Path) -> None:
    write(shop / "bad.ndjson", [b"nonsense"])
    result = run("bad.ndjson", "--dry-run", "--quiet")
    assert (result.exit_code, result.output) == (
        1, "Nothing usable: no file holds a valid event that is history.\n",
    )  # fmt: skip


def test_no_broker_is_1_and_says_that_it_goes_on(shop: Path) -> None:
    result = run("log.ndjson.gz", "--brokers", "127.0.0.1:1")
    assert result.exit_code == 1 and "Start it again: it goes on where it was." in result.output


def test_csv_goes_by_its_mapping(shop: Path) -> None:
    (shop / "orders.csv").write_text("id,who,at,total\no1,ann,2026-01-03 10:00,12.5\no2,bob,never,1\no3\n")
    (shop / "orders.yaml").write_text(
        "version: 1\ntime: {column: at}\nshopper: who\nevents:\n"
        "  - {event: Order Completed, message_id: [id], properties: {order_id: id, total: total}}\n"
    )
    result = run("orders.csv", "--mapping", "orders.yaml", "--dry-run")
    assert result.exit_code == 0, result.output
    assert "1 events" in result.output and "Order Completed" in result.output
    assert "2 refused:" in result.output and "orders.csv:3: invalid_time" in result.output


def test_help_has_examples_of_every_format() -> None:
    told = run("--help").output
    assert all(form in told for form in ("--format snowplow", "--format ga4", "--mapping", "--dry-run"))
