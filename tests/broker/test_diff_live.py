"""`afterclick diff --live`: the clickstream as the brokers retain it, and nothing left behind there."""

import json
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.shop_history import history

pytestmark = pytest.mark.broker


def diff(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, ["diff", *map(str, arguments)])


def as_data(*arguments: str | Path) -> dict[str, Any]:
    result = diff(*arguments, "--json")
    assert result.exit_code == 0, result.output
    found: dict[str, Any] = json.loads(result.output)
    return found


def ends(admin: AdminClient) -> list[int]:
    partitions = [TopicPartition("clickstream", number) for number in range(4)]
    found = admin.list_offsets({each: OffsetSpec.latest() for each in partitions})
    return [found[each].result(10).offset for each in partitions]


def test_the_retained_clickstream_says_what_its_file_says(live: LiveRun) -> None:
    # given a clickstream in four partitions, the same calls in a file, and a topology with another window
    records = history(3_000)
    live.send(records)
    calls, new = live.folder / "calls.ndjson", live.folder / "new.yaml"
    calls.write_bytes(b"".join(value + b"\n" for _, value in records))
    new.write_text(live.topology.read_text().replace("at_least: 3, within: 1h", "at_least: 3, within: 2h"))
    admin = AdminClient({"bootstrap.servers": live.brokers, "log_level": 0})
    before, groups = ends(admin), groups_of(admin)

    # when they are compared by the topic and by the file
    by_topic = as_data(live.topology, new, "--live", "--brokers", live.brokers)
    by_file = as_data(live.topology, new, "--input", calls)

    # then it is the same difference, and nothing was written and no group came to be
    assert by_topic.pop("source") == {"kind": "topic", "topic": "clickstream", "whole": True} | {
        "begins": by_file.pop("source")["begins"]
    }
    assert by_topic == by_file
    assert by_topic["segments"][1]["differ"]["count"] > 0
    assert ends(admin) == before
    assert groups_of(admin) <= groups
    assert decisions(live.brokers) == []

    # and when the topic has lost its beginning, that is told
    admin.delete_records([TopicPartition("clickstream", number, 300) for number in range(4)])[
        TopicPartition("clickstream", 0)
    ].result(10)
    told = diff(live.topology, new, "--live", "--brokers", live.brokers).output
    assert "on, which is where clickstream begins by now.\n" in told
    assert "and may have more members than here: buyers\n" in told

    # and a topic that is not there is no history
    other = live.folder / "other.yaml"
    other.write_text(live.topology.read_text() + "topics: {clickstream: nowhere}\n")
    missing = diff(other, new, "--live", "--brokers", live.brokers)
    assert (missing.exit_code, missing.output) == (1, "There is no topic nowhere, or it may not be read.\n")


def groups_of(admin: AdminClient) -> set[str]:
    """Those of tests before may still be going."""
    return {group.group_id for group in admin.list_consumer_groups().result(10).valid}
