"""Sending to Kafka, and in time."""

import json
import threading
import time
from pathlib import Path

import pytest
from confluent_kafka import Consumer, TopicPartition
from typer.testing import CliRunner

from pipeline.cli import app
from pipeline.kafka.embedded import EmbeddedBroker
from pipeline.simulator.kafka_sink import KafkaSink, SinkError
from pipeline.simulator.pace import Pace

START = 1_767_600_000_000


def test_a_broker_that_is_not_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("pipeline.simulator.kafka_sink._PATIENCE", 0.3)
    with pytest.raises(SinkError, match=r"No Kafka broker answers at 127.0.0.1:1. Is it running\?"):
        KafkaSink({"bootstrap.servers": "127.0.0.1:1"}, "clickstream")


@pytest.mark.embedded
def test_a_simulated_day_in_a_second_on_kafka(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("topology.yaml").write_text(
        "version: 1\nname: shop\nshop: {currency: CHF}\ntopics: {clickstream: web.clicks}\n"
    )
    broker = EmbeddedBroker({"web.clicks": 1})
    try:
        arguments = ["simulate", "--brokers", broker.brokers, "--clock", f"{START}:86400", "--rate", "3000"]
        began = time.monotonic()
        result = CliRunner().invoke(app, [*arguments, "--duration", "1d", "--flaws", "0"])
        took = time.monotonic() - began
        consumer = Consumer({"bootstrap.servers": broker.brokers, "group.id": "test", "log_level": 0})
        consumer.assign([TopicPartition("web.clicks", 0, 0)])
        records = consumer.consume(10_000, timeout=3)
        consumer.close()
    finally:
        broker.close()
    assert result.exit_code == 0, result.output
    assert 0.9 < took < 15
    assert 1_500 < len(records) < 6_000
    for record in records:
        call = json.loads(record.value())
        assert record.key().decode() == (call.get("anonymousId") or call["userId"])
        assert START <= record.timestamp()[1] < START + 86_400_000
        assert call["properties" if call["type"] != "identify" else "traits"].get("currency", "CHF") == "CHF"


def test_pace_follows_real_time_from_its_origin() -> None:
    stop = threading.Event()
    pace = Pace(START, 1_000, int(time.time() * 1000), stop)
    began = time.monotonic()
    assert pace.wait(START + 200_000)
    assert 0.15 < time.monotonic() - began < 1
    assert Pace(START, 1, int(time.time() * 1000) - 5_000, stop).wait(START + 4_000)
    stop.set()
    assert not pace.wait(START + 10**9)
