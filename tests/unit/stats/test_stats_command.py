"""`afterclick stats` over stores of what the engine keeps: what it counts, what it does not tell, and errors."""

import json
import os
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import load
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import StateWrite
from pipeline.simulator.traffic import Traffic, World
from pipeline.state.rocksdb import RocksStore
from tests.support.shop_history import write_topology
from tests.support.shop_state import CODEC, records_of, write_stores


@pytest.fixture(scope="module")
def records(tmp_path_factory: pytest.TempPathFactory) -> dict[bytes, bytes]:
    topology = load(write_topology(tmp_path_factory.mktemp("shop") / "topology.yaml"), {})
    calls = (each.value for each in islice(Traffic(World(3, 1_767_225_600_000, 2.0, 150)), 2_000))
    return records_of(topology.plan(), calls)


@pytest.fixture
def data(tmp_path: Path, records: dict[bytes, bytes]) -> Path:
    write_stores(tmp_path / "data", records)
    return tmp_path / "data"


def stats(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["stats", *map(str, arguments)])


def as_data(*arguments: str | Path) -> dict[str, Any]:
    result = stats(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def test_it_counts_what_is_in_the_stores(data: Path, records: dict[bytes, bytes]) -> None:
    found = as_data("--data-dir", data)
    ordered = sorted(map(len, records.values()))
    assert found["shoppers"] == len(records)
    assert found["record"] == {
        "total": sum(ordered),
        "median": ordered[len(ordered) // 2],
        "p99": ordered[len(ordered) * 99 // 100],
        "max": ordered[-1],
    }
    # all of them are taken apart, and the parts are all there is
    assert found["sampled"] == len(records)
    assert sum(part["total"] for part in found["parts"].values()) == sum(ordered)
    assert sum(part["share"] for part in found["parts"].values()) == pytest.approx(1, abs=0.001)
    stores = found["stores"]
    assert [store["partition"] for store in stores] == [0, 1]
    assert sum(store["due_index"]["entries"] for store in stores) == sum(
        CODEC.due(value) > 0 for value in records.values()
    )
    for store in stores:
        assert store["checkpoint"]["next_offset"] == store["shoppers"] == store["changelog_offset"]
        files = data / "shopper" / "state" / str(store["partition"])
        assert store["disk"]["total"] == sum(file.stat().st_size for file in files.iterdir())


def test_a_sample_is_of_all_partitions(data: Path, records: dict[bytes, bytes]) -> None:
    found = as_data("--data-dir", data, "--sample", "10", "--largest", "2")
    assert (found["sampled"], found["shoppers"]) == (10, len(records))
    assert [each["bytes"] for each in found["largest"]] == sorted(map(len, records.values()))[-1:-3:-1]


def test_shoppers_are_named_only_where_it_is_asked_for(data: Path, records: dict[bytes, bytes]) -> None:
    largest = max(records, key=lambda key: (len(records[key]), key)).decode()
    text, named = stats("--data-dir", data), stats("--data-dir", data, "--show-ids")
    assert text.exit_code == named.exit_code == 0
    assert largest in named.output
    assert not any(f" {key.decode()} " in text.output for key in records)
    assert "shopper" not in as_data("--data-dir", data)["largest"][0]
    assert "message ids" in text.output


def test_records_of_one_size_are_told_of_too(tmp_path: Path) -> None:
    write_stores(tmp_path, {b"u%d" % number: CODEC.encode(Shopper(now=1)) for number in range(10)})
    assert [each["bytes"] for each in as_data("--data-dir", tmp_path)["largest"]] == [
        len(CODEC.encode(Shopper(now=1)))
    ] * 5


def test_a_store_that_is_open_is_read_as_it_is_and_not_touched(data: Path, records: dict[bytes, bytes]) -> None:
    # given a partition that its worker has open, with changes that are in no table yet
    owner = RocksStore(data / "shopper" / "state").open("0")
    new = CODEC.encode(Shopper(ids=bytes(12_000)))
    owner.write(StateWrite([(b"new", new)], 10_000))
    before = seen(data)
    # when it is looked at
    found = as_data("--data-dir", data)
    # then all is counted, no file has changed, and the owner goes on
    assert found["shoppers"] == len(records) + 1
    assert found["record"]["max"] == len(new)
    assert seen(data) == before
    owner.write(StateWrite([(b"newer", new)], 10_001))
    assert as_data("--data-dir", data)["shoppers"] == len(records) + 2
    owner.close()


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is read-only to root")
def test_a_read_only_directory_will_do(data: Path, records: dict[bytes, bytes]) -> None:
    store = data / "shopper" / "state" / "0"
    store.chmod(0o555)
    try:
        assert as_data("--data-dir", data)["shoppers"] == len(records)
    finally:
        store.chmod(0o755)


def test_what_is_set_aside_is_told_of(data: Path) -> None:
    aside = RocksStore(data / "shopper" / "state").quarantine("1")
    size = sum(file.stat().st_size for file in aside.iterdir())
    assert as_data("--data-dir", data)["set_aside"] == {"stores": 1, "bytes": size}


def test_no_state_is_a_sentence(tmp_path: Path) -> None:
    result = stats("--data-dir", tmp_path)
    assert result.exit_code == 1
    assert result.output == f"There is no state under {tmp_path}; name a worker's directory with --data-dir.\n"


def test_a_damaged_store_is_a_sentence(data: Path) -> None:
    (data / "shopper" / "state" / "0" / "CURRENT").write_text("MANIFEST-999999\n")
    result = stats("--data-dir", data)
    assert result.exit_code == 1
    assert "shopper/state/0 is damaged" in result.output
    assert "Traceback" not in result.output


def test_a_broker_that_is_away_is_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("pipeline.commands.stats._PATIENCE", 0.5)
    write_topology(tmp_path / "topology.yaml")
    result = stats("--changelog", "--brokers", "127.0.0.1:1")
    assert result.exit_code == 1
    assert "127.0.0.1:1" in result.output


def seen(directory: Path) -> dict[str, tuple[int, int]]:
    """Size and time of change of each file and folder."""
    return {
        str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in directory.rglob("*") if path.is_file()
    } | {str(path): (0, path.stat().st_mtime_ns) for path in directory.rglob("*") if path.is_dir()}
