"""`afterclick simulate`: files, bounds, sentences."""

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app

COMMAND = [sys.executable, "-c", "from pipeline.cli import main; main()", "simulate"]


@pytest.fixture(autouse=True)
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    return tmp_path


def afterclick(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["simulate", *arguments])


def test_a_file_of_so_many_events(here: Path) -> None:
    result = afterclick("--output", "a.ndjson", "--events", "300")
    assert result.exit_code == 0, result.output
    assert "300 calls from 2026-01-05T08:00:00.000Z, up to 2026-01-05T08:" in result.output
    assert len((here / "a.ndjson").read_bytes().splitlines()) == 300


def test_the_same_seed_is_the_same_file_compressed_too(here: Path) -> None:
    for name, seed in (("a.ndjson", "1"), ("b.ndjson.gz", "1"), ("c.ndjson.gz", "1"), ("d.ndjson", "2")):
        assert afterclick("--output", name, "--events", "200", "--seed", seed, "--quiet").output == ""
    first = (here / "a.ndjson").read_bytes()
    assert gzip.decompress((here / "b.ndjson.gz").read_bytes()) == first
    assert (here / "b.ndjson.gz").read_bytes() == (here / "c.ndjson.gz").read_bytes()
    assert (here / "d.ndjson").read_bytes() != first


def test_a_file_of_so_much_time(here: Path) -> None:
    result = afterclick(
        "--output", "a.ndjson", "--duration", "2h", "--start", "2026-03-01T12:00:00Z", "--rate", "1", "--flaws", "0"
    )
    assert result.exit_code == 0, result.output
    received = [json.loads(line)["receivedAt"] for line in (here / "a.ndjson").read_bytes().splitlines()]
    assert received[0] >= "2026-03-01T12:00"
    assert "2026-03-01T13:55" < received[-1] < "2026-03-01T14:00"


def test_no_events_are_an_empty_file(here: Path) -> None:
    assert afterclick("--output", "a.ndjson", "--events", "0").exit_code == 0
    assert (here / "a.ndjson").read_bytes() == b""


def test_standard_output() -> None:
    done = subprocess.run([*COMMAND, "--output", "-", "--events", "20"], capture_output=True, check=True, timeout=60)
    assert len(done.stdout.splitlines()) == 20
    assert b"20 calls" in done.stderr


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["--output", "nowhere/a"], "nowhere/a cannot be written: No such file or directory."),
        (["--output", "a", "--duration", "soon"], "--duration: 'soon' is no duration"),
        (["--output", "a", "--start", "soon"], "--start soon is no time"),
        (["--output", "a", "--rate", "0"], "--rate 0 should be above 0."),
        (["--output", "a", "--clock", "now"], "--clock now is not START_MS:SPEED[:ORIGIN_MS]."),
        ([], "topology.yaml"),
    ],
)
def test_wrong_arguments_are_2(arguments: list[str], sentence: str) -> None:
    result = afterclick(*arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.output


def test_a_stop_ends_the_file_in_order(here: Path) -> None:
    process = subprocess.Popen(
        [*COMMAND, "--output", "a.ndjson.gz", "--events", "100000000"], stderr=subprocess.PIPE, env=os.environ
    )
    deadline = time.monotonic() + 20
    while (
        not ((here / "a.ndjson.gz").exists() and (here / "a.ndjson.gz").stat().st_size) and time.monotonic() < deadline
    ):
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, told = process.communicate(timeout=20)
    assert process.returncode == 0
    assert b", stopped." in told
    assert gzip.decompress((here / "a.ndjson.gz").read_bytes()).endswith(b"\n")
