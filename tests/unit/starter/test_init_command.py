"""`afterclick init`: what it asks, what it writes, and what it leaves alone."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.config.topology import load


def init(folder: Path, *arguments: str, answers: str | None = None) -> Result:
    return CliRunner().invoke(app, ["init", str(folder), *arguments], input=answers)


def compose(folder: Path) -> dict[str, Any]:
    read: dict[str, Any] = YAML(typ="safe").load((folder / "compose.yaml").read_text())
    return read


def test_five_answers_make_a_topology_that_check_takes(tmp_path: Path) -> None:
    told = init(tmp_path / "new", answers="acme\nEurope/Berlin\nUSD\n16\n1\n")
    assert told.exit_code == 0, told.output
    topology = load(tmp_path / "new" / "topology.yaml", {})
    assert (topology.name, topology.kafka.partitions, topology.kafka.replication) == ("acme", 16, 1)
    assert (topology.shop.timezone, topology.shop.currency) == ("Europe/Berlin", "USD")
    checked = CliRunner().invoke(app, ["check", "--topology", str(tmp_path / "new" / "topology.yaml")])
    assert checked.exit_code == 0, checked.output


def test_what_a_flag_answers_is_not_asked(tmp_path: Path) -> None:
    told = init(tmp_path, "--name", "acme", "--timezone", "UTC", "--currency", "EUR", answers="4\n1\n")
    assert told.exit_code == 0, told.output
    assert load(tmp_path / "topology.yaml", {}).kafka.partitions == 4


def test_yes_asks_nothing(tmp_path: Path) -> None:
    assert init(tmp_path, "--yes").exit_code == 0
    assert load(tmp_path / "topology.yaml", {}).name == "my-shop"


def test_the_part_that_is_commented_out_is_right_too(tmp_path: Path) -> None:
    init(tmp_path, "--yes")
    text = (tmp_path / "topology.yaml").read_text()
    head, loyalty = text.split("# loyalty:\n")
    (tmp_path / "topology.yaml").write_text(head + "loyalty:\n" + loyalty.replace("# ", "", -1).replace("#", ""))
    assert list(load(tmp_path / "topology.yaml", {}).loyalty) == ["club"]


def test_nothing_is_overwritten_unless_asked(tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text("mine")
    told = init(tmp_path, "--yes")
    assert (told.exit_code, told.output) == (
        1,
        f"{tmp_path / 'compose.yaml'} would be overwritten: name another directory, or say --force.\n",
    )
    assert not (tmp_path / "topology.yaml").exists()
    assert init(tmp_path, "--yes", "--force").exit_code == 0
    assert "kafka" in compose(tmp_path)["services"]


@pytest.mark.parametrize(
    ("flag", "value", "sentence"),
    [
        ("--timezone", "Europe/Berln", "did you mean Europe/Berlin?"),
        ("--currency", "EURO", "is no ISO 4217 currency code"),
        ("--partitions", "0", "kafka.partitions"),
        ("--name", "a: {b", "name"),
    ],
)
def test_a_wrong_answer_is_told_and_nothing_is_written(tmp_path: Path, flag: str, value: str, sentence: str) -> None:
    told = init(tmp_path / "new", "--yes", flag, value)
    assert told.exit_code == 2
    assert sentence in told.output
    assert not (tmp_path / "new").exists()


def test_who_stops_answering_gets_nothing_written(tmp_path: Path) -> None:
    assert init(tmp_path / "new", answers="acme\n").exit_code == 1
    assert not (tmp_path / "new").exists()


def test_the_compose_file_runs_that_topology_with_what_is_in_the_image(tmp_path: Path) -> None:
    init(tmp_path, "--yes")
    services = compose(tmp_path)["services"]
    ours = {name: each for name, each in services.items() if each["image"] == "afterclick"}
    assert set(ours) == {"topics", "collector", "worker"}
    for service in ours.values():
        assert "./topology.yaml:/etc/afterclick/topology.yaml:ro" in service["volumes"]
        assert service["environment"]["AFTERCLICK_BROKERS"] == "kafka:9092"
    used = {mount.split(":")[0] for each in services.values() for mount in each["volumes"]} - {"./topology.yaml"}
    assert used == set(compose(tmp_path)["volumes"])


def test_a_broker_alone_is_not_offered_to_three_replicas(tmp_path: Path) -> None:
    told = init(tmp_path, "--yes", "--replication", "3")
    assert "compose.yaml: not written" in told.output
    assert not (tmp_path / "compose.yaml").exists()
