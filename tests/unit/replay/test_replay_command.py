"""`afterclick replay`: exit codes and sentences."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.replaying import TOPOLOGY, call, lines, write


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "topology.yaml").write_text(TOPOLOGY)
    write(tmp_path / "in.ndjson", call("ann", "Product Viewed", "2026-01-03T10:00:00Z"))
    return tmp_path


def afterclick(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["replay", *arguments])


def test_done(shop: Path) -> None:
    result = afterclick("in.ndjson", "--output", "out")
    assert result.exit_code == 0, result.output
    assert "events/s" in result.output


def test_quiet(shop: Path) -> None:
    assert afterclick("in.ndjson", "--output", "out", "--quiet").output == ""


@pytest.mark.parametrize("content", [b"", b"\n\n", b"nonsense\n", b'{"type":"track"}\n'])
def test_nothing_usable_is_1(shop: Path, content: bytes) -> None:
    (shop / "bad.ndjson").write_bytes(content)
    result = afterclick("bad.ndjson", "--output", "out", "--quiet")
    assert (result.exit_code, result.output) == (1, "Nothing usable: no input holds a valid event.\n")
    assert len(lines(shop / "out", "dead-letters")) == len(content.split())


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (["nowhere.ndjson", "--output", "out"], "nowhere.ndjson cannot be read: No such file or directory."),
        (["in.ndjson", "--output", "topology.yaml"], "--output topology.yaml is a file; name a folder."),
        (["in.ndjson", "--output", "out", "--until", "soon"], "--until soon is no time"),
        (["-", "-", "--output", "out"], "Standard input (`-`) can be read only once."),
        (["orders.csv", "--output", "out"], "orders.csv is CSV: say with --mapping FILE"),
        (["in.ndjson", "--output", "out", "--mapping", "in.ndjson"], "in.ndjson"),
        (["in.ndjson", "--output", "out", "--partitions", "0"], "--partitions"),
        (["in.ndjson"], "--output"),
        (["in.ndjson", "--output", "out", "--topology", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_wrong_arguments_are_2(shop: Path, arguments: list[str], sentence: str) -> None:
    result = afterclick(*arguments)
    assert result.exit_code == 2, result.output
    assert sentence in result.output


def test_a_wrong_topology_is_2(shop: Path) -> None:
    (shop / "topology.yaml").write_text(TOPOLOGY.replace("count:", "coutn:"))
    result = afterclick("in.ndjson", "--output", "out")
    assert result.exit_code == 2
    assert "coutn" in result.output


def test_a_broken_input_is_1(shop: Path) -> None:
    (shop / "broken.gz").write_bytes(b"\x1f\x8b" + b"x" * 50)
    result = afterclick("broken.gz", "--output", "out", "--quiet")
    assert result.exit_code == 1
    assert "broken.gz cannot be read to its end" in result.output


def test_a_csv_by_its_mapping(shop: Path) -> None:
    (shop / "orders.csv").write_text("id,who,when,total\n1,ann,2026-01-03T10:00:00Z,150\n")
    mapping = {
        "version": 1,
        "time": {"column": "when"},
        "shopper": "who",
        "events": [{"event": "Order Completed", "properties": {"order_id": "id", "total": "total"}}],
    }
    (shop / "mapping.yaml").write_text(json.dumps(mapping))
    result = afterclick("orders.csv", "in.ndjson", "--mapping", "mapping.yaml", "--output", "out", "--quiet")
    assert result.exit_code == 0, result.output
    assert {one["to"] for one in lines(shop / "out", "loyalty-tiers")} == {"bronze", "silver"}
