"""`afterclick experiments` by the topic that the brokers retain: the same as by the file of a replay."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.domain.decision import EXPERIMENT_EXPOSURES
from tests.support.live_run import LiveRun
from tests.support.shop_history import MESSAGING, contacts, history

pytestmark = pytest.mark.broker


@pytest.fixture
def messaging() -> str:
    return MESSAGING


def afterclick(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_retained_topic_says_what_the_file_says(live: LiveRun) -> None:
    # given the exposures of a replay in a file, and in the topic
    calls, out = live.folder / "calls.ndjson", live.folder / "out"
    calls.write_bytes(b"".join(value + b"\n" for _, value in [*contacts(), *history(3_000)]))
    replayed = afterclick("replay", calls, "--topology", live.topology, "--output", out, "--quiet")
    assert replayed.exit_code == 0, replayed.output
    producer = Producer({"bootstrap.servers": live.brokers, "log_level": 0})
    for line in (out / f"{EXPERIMENT_EXPOSURES}.ndjson").read_bytes().splitlines():
        producer.produce(EXPERIMENT_EXPOSURES, line, key=json.loads(line)["shopper"].encode())
    assert producer.flush(20) == 0

    # then both say the same
    by_file = afterclick("experiments", "--from", out, "--topology", live.topology, "--json")
    by_topic = afterclick("experiments", "--topology", live.topology, "--brokers", live.brokers, "--json")
    assert by_topic.exit_code == 0, by_topic.output
    assert json.loads(by_topic.output) == json.loads(by_file.output)
    assert {one["experiment"] for one in json.loads(by_file.output)["experiments"]} >= {"reminder", "hello"}

    # and a topic that is not there is told
    other = live.folder / "other.yaml"
    other.write_text(live.topology.read_text() + f"topics: {{{EXPERIMENT_EXPOSURES}: nowhere}}\n")
    missing = afterclick("experiments", "--topology", other, "--brokers", live.brokers)
    assert (missing.exit_code, missing.output) == (1, "There is no topic nowhere, or it may not be read.\n")
