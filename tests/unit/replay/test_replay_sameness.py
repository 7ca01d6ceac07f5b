"""The same input and topology give the same bytes, whatever is changed about the run."""

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.domain.value.instant import format_instant
from pipeline.replay import run
from tests.support.replaying import TOPOLOGY, call, files, ms, replay, write

START = ms("2026-01-03T10:00:00Z")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fortnight of 40 shoppers; some calls late, repeated or broken."""
    choose, now, values = random.Random(7), START, list[object]()
    for number in range(3_000):
        now += choose.randrange(800_000)
        shopper, product = f"s{choose.randrange(40)}", choose.randrange(9)
        name = choose.choice(
            ["Product Viewed"] * 5
            + ["Product Added"] * 3
            + ["Order Completed", "Email Unsubscribed", "Points Redeemed"]
        )
        happened = now - choose.choice([0, 0, 0, 1_000, 86_400_000, 900_000_000])
        value = call(
            shopper, name, format_instant(happened), receivedAt=format_instant(now - choose.choice([0, 60_000])),
            product_id=str(product), price=product + 0.5, quantity=1, order_id=f"o{number}", total=product * 10,
            redemption_id=f"r{number}", points=50,
        )  # fmt: skip
        values.append(value)
        if choose.random() < 0.02:
            values.append(choose.choice([value, {**value, "properties": {}}, b"{", {**value, "timestamp": 5}]))
    folder = tmp_path_factory.mktemp("history")
    return write(folder / "in.ndjson", *values)


@pytest.fixture(scope="module")
def expected(history: Path) -> dict[str, bytes]:
    replay(history.parent / "expected", history, profiles=True)
    found = files(history.parent / "expected")
    assert all(found.values()), "a history that exercises every file"
    return found


@pytest.mark.parametrize("partitions", [2, 7, 64])
def test_partitions_change_nothing(history: Path, expected: dict[str, bytes], tmp_path: Path, partitions: int) -> None:
    replay(tmp_path / "out", history, profiles=True, partitions=partitions)
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("stride", [1, 100])
def test_nor_does_how_often_is_written(
    history: Path, expected: dict[str, bytes], tmp_path: Path, stride: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "STRIDE", stride)
    replay(tmp_path / "out", history, profiles=True, partitions=3)
    assert files(tmp_path / "out") == expected


@pytest.mark.parametrize("seed", ["0", "1"])
def test_nor_does_the_hash_seed(history: Path, expected: dict[str, bytes], tmp_path: Path, seed: str) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(TOPOLOGY)
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "replay", str(history), "--profiles",
               "--topology", str(topology), "--output", str(tmp_path / "out"), "--quiet"]  # fmt: skip
    subprocess.run(command, check=True, env={**os.environ, "PYTHONHASHSEED": seed}, timeout=60)
    assert files(tmp_path / "out") == expected


def test_nor_does_standard_input_but_for_its_name(history: Path, expected: dict[str, bytes], tmp_path: Path) -> None:
    topology = tmp_path / "topology.yaml"
    topology.write_text(TOPOLOGY)
    command = [sys.executable, "-c", "from pipeline.cli import main; main()", "replay", "-", "--profiles",
               "--topology", str(topology), "--output", str(tmp_path / "out")]  # fmt: skip
    done = subprocess.run(command, check=True, stdin=history.open("rb"), capture_output=True, timeout=60)
    found = files(tmp_path / "out")
    letters = found["dead-letters.ndjson"].replace(b'"file":"-"', b'"file":"%s"' % str(history).encode())
    assert {**found, "dead-letters.ndjson": letters} == expected
    assert b"shoppers" in done.stdout and b"duplicate_mismatch" in done.stdout
    assert done.stderr == b""
