"""`afterclick tail` on a real Apache Kafka: from a time on, and nothing of transactions that were given up."""

import json
import time

import pytest
from confluent_kafka import Producer
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.domain.value.instant import format_instant
from schemas.codec import DecisionCodec
from tests.support.live_run import LiveRun
from tests.unit.schemas.sample import SOURCE, decision

pytestmark = pytest.mark.broker

TOPIC = "segment-changes"


def test_a_time_is_a_place_and_what_was_given_up_is_not_told(live: LiveRun) -> None:
    value, headers = DecisionCodec("json", "shop").encode(decision(TOPIC), SOURCE)
    client = {"bootstrap.servers": live.brokers, "partitioner": "murmur2_random", "log_level": 0}
    producer = Producer(client | {"transactional.id": "tail"})
    producer.init_transactions(20)

    def put(key: str, *, commit: bool) -> None:
        producer.begin_transaction()
        producer.produce(TOPIC, value, key, headers=headers)
        assert producer.flush(20) == 0
        producer.commit_transaction(20) if commit else producer.abort_transaction(20)

    def told(*place: str) -> list[str]:
        where = ("--topology", str(live.topology), "--brokers", live.brokers)
        run = CliRunner().invoke(app, ["tail", TOPIC, "--end", "--json", "--from", *place, *where])
        assert run.exit_code == 0, run.output
        return sorted(json.loads(line)["key"] for line in run.output.splitlines())

    # given one before a time, and after it two, of which one was given up
    put("before", commit=True)
    time.sleep(1)
    between = format_instant(int(time.time() * 1000))
    time.sleep(1)
    put("lost", commit=False)
    put("after", commit=True)

    # then
    assert told("earliest") == ["after", "before"]
    assert told("-1h") == ["after", "before"]
    assert told(between) == ["after"]
    assert told("2999-01-01T00:00:00Z") == []
    assert told("latest") == []
    assert told("earliest", "--shopper", "before") == ["before"]
