"""`afterclick ledger` and `loyalty report` by the topics that the brokers retain: the same as by a replay's files."""

import json
from pathlib import Path

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner, Result

from pipeline.cli import app
from pipeline.domain.decision import LOYALTY_POINTS, LOYALTY_TIERS
from tests.support.live_run import LiveRun
from tests.support.shop_history import history

pytestmark = pytest.mark.broker


def afterclick(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def test_the_retained_topics_say_what_the_files_say(live: LiveRun) -> None:
    # given the points and tiers of a replay in files, and in their topics
    calls, out = live.folder / "calls.ndjson", live.folder / "out"
    calls.write_bytes(b"".join(value + b"\n" for _, value in history(3_000)))
    replayed = afterclick("replay", calls, "--topology", live.topology, "--output", out, "--quiet")
    assert replayed.exit_code == 0, replayed.output
    producer = Producer({"bootstrap.servers": live.brokers, "log_level": 0, "partitioner": "murmur2_random"})
    shoppers = set()
    for topic in (LOYALTY_POINTS, LOYALTY_TIERS):
        for line in (out / f"{topic}.ndjson").read_bytes().splitlines():
            shoppers.add(json.loads(line)["shopper"])
            producer.produce(topic, line, key=json.loads(line)["shopper"].encode())
    assert producer.flush(20) == 0
    brokers = ("--topology", live.topology, "--brokers", live.brokers)

    # then the ledger of a member, and the report of all, are the same
    member = min(shoppers)
    by_file = afterclick("ledger", member, "--from", out, "--json")
    by_topic = afterclick("ledger", member, *brokers, "--json")
    assert by_topic.exit_code == by_file.exit_code == 0, by_topic.output
    assert json.loads(by_topic.output) == json.loads(by_file.output)
    reported = afterclick("loyalty", "report", *brokers, "--json")
    assert reported.exit_code == 0, reported.output
    assert reported.output == afterclick("loyalty", "report", out, "--topology", live.topology, "--json").output
