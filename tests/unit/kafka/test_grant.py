"""What a principal has to be allowed: the table of docs/security.md, the script, and what a worker insists on."""

import subprocess
from pathlib import Path

import pytest

from pipeline.access import DOCUMENT, MARKS, agent_grants_of, grants_of, table_of_grants
from pipeline.config.topology import Topology, load
from pipeline.kafka.grant import commands, needed_on_topics
from schemas.reference import replaced
from tests.support.shop_history import write_topology
from tests.support.worker_process import afterclick


@pytest.fixture
def topology(tmp_path: Path) -> Topology:
    return load(write_topology(tmp_path / "topology.yaml", name="corner"), {})


def test_the_table_of_the_page_is_fresh() -> None:
    text = DOCUMENT.read_text()
    assert replaced(text, MARKS, table_of_grants()) == text, "run python -m pipeline.access"


def test_an_agent_may_touch_nothing_of_the_other(topology: Topology) -> None:
    intake = needed_on_topics(agent_grants_of(topology, "intake"))
    shopper = needed_on_topics(agent_grants_of(topology, "shopper"))
    assert intake == {
        "clickstream": {"READ"},
        "corner.intake-changelog": {"READ", "WRITE"},
        "shopper-events": {"WRITE"},
        "clickstream-dlq": {"WRITE"},
    }
    assert shopper["shopper-events"] == {"READ"}
    assert "clickstream" not in shopper
    assert "corner.intake-changelog" not in shopper


def test_the_script_is_one_for_the_shell(topology: Topology) -> None:
    script = commands(grants_of(topology))
    # given a tool that shows what it is called with
    environment = {"KAFKA_ACLS": "echo", "INTAKE": "User:CN=in take"}
    run = subprocess.run(["sh", "-c", "\n".join(script)], env=environment, capture_output=True, text=True, check=True)
    said = run.stdout.splitlines()
    assert len(said) == len(grants_of(topology))
    assert (
        said[0]
        == "--add --allow-principal User:CN=in take --topic clickstream --operation Read --operation DescribeConfigs"
    )
    assert (
        "--add --allow-principal User:CN=in take --transactional-id corner.intake. "
        "--resource-pattern-type prefixed --operation Write"
    ) in said
    assert "--add --allow-principal User:shopper --group corner.shopper --operation Read" in said


def test_the_command_prints_it_without_a_broker(tmp_path: Path, topology: Topology) -> None:
    printed = afterclick("topics", "--acls", "--topology", tmp_path / "topology.yaml", "--brokers", "127.0.0.1:1")
    assert printed.returncode == 0, printed.stderr
    assert printed.stdout.splitlines() == commands(grants_of(topology))
