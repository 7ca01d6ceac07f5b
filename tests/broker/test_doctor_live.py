"""`afterclick doctor` on a real Apache Kafka: well, and with a topic that is missing."""

import json
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient
from typer.testing import CliRunner

from pipeline.cli import app
from tests.support.kafka_reader import send
from tests.support.live_run import LiveRun
from tests.support.worker_process import eventually

pytestmark = pytest.mark.broker


def findings(live: LiveRun) -> tuple[int, dict[str, Any]]:
    where = ("--topology", str(live.topology), "--brokers", live.brokers, "--data-dir", str(live.folder / "data"))
    run = CliRunner().invoke(app, ["doctor", "--json", *where])
    assert run.output.startswith("{"), run.output
    return run.exit_code, {each["of"]: each for each in json.loads(run.output)["findings"]}


def test_all_is_well_until_a_topic_is_gone(live: LiveRun) -> None:
    # given topics, and a record with the brokers' time
    send(live.brokers, "shop.intake-changelog", [(b"key", b"value")])
    code, found = findings(live)
    assert code == 0, found
    assert {of for of, each in found.items() if each["verdict"] != "ok"} <= {"schema registry", "disk"}
    assert found["clock"]["told"].startswith("no record is of the future")

    # when one is deleted
    admin = AdminClient({"bootstrap.servers": live.brokers, "log_level": 0})
    admin.delete_topics(["segment-changes"])["segment-changes"].result(20)

    # then it is named, and what makes it
    eventually("the topic is missed", lambda: findings(live)[0] == 1, 20)
    assert findings(live)[1]["topics"]["told"] == "Topic segment-changes is missing: run `afterclick topics`."
