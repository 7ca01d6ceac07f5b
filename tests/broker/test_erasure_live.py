"""An erasure on real Kafka: asked for, receipted, and audited with compaction forced; the late event does nothing."""

import json
import time
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource
from typer.testing import CliRunner, Result

from pipeline.cli import app
from tests.support.kafka_reader import read_committed
from tests.support.live_run import LiveRun
from tests.support.worker_process import afterclick, eventually

pytestmark = pytest.mark.broker

KIM, EMAIL = "kim-who-is-to-be-forgotten", "kim.forgotten@shop.example"
# So that the cleaner takes every record but those of the active segment, at once.
COMPACTED = {
    "segment.ms": "500",
    "min.cleanable.dirty.ratio": "0.0",
    "delete.retention.ms": "0",
    "max.compaction.lag.ms": "1000",
}


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(app, list(map(str, arguments)))


def call(shopper: str, event: str, **properties: object) -> tuple[bytes, bytes]:
    kind = {"type": "identify", "traits": properties} if event == "identify" else {"type": "track", "event": event}
    body = {**kind, "userId": shopper, "messageId": f"{shopper}-{event}-{time.time_ns()}"}
    return shopper.encode(), json.dumps(body if event == "identify" else {**body, "properties": properties}).encode()


def compact(brokers: str, topic: str) -> None:
    entries = [
        ConfigEntry(name, value, incremental_operation=AlterConfigOpType.SET) for name, value in COMPACTED.items()
    ]
    resource = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=entries)
    admin = AdminClient({"bootstrap.servers": brokers, "log_level": 0})
    for done in admin.incremental_alter_configs([resource]).values():
        done.result(10)


def test_nothing_is_left_of_who_was_erased(live: LiveRun) -> None:
    # given a shop that erases, and a shopper of whom something is known
    text = live.topology.read_text().replace("received: field, tick: off", "received: broker, tick: 500ms")
    live.topology.write_text(text + "erasure: {pepper: salt}\n")
    brokers = ("--topology", live.topology, "--brokers", live.brokers)
    assert afterclick("topics", *brokers).returncode == 0
    compact(live.brokers, "shop.shopper-changelog")
    worker = live.worker("a")
    live.send([call(KIM, "identify", email=EMAIL)] + [call(KIM, "Product Viewed", product_id="p") for _ in range(3)])
    live.send([call(KIM, "Order Completed", order_id="o-1", total=25)])
    exported = live.folder / "kim.json"
    eventually(
        "the order is known",
        lambda: (
            run("export", KIM, *brokers, "-o", exported).exit_code == 0
            and json.loads(exported.read_text())["profile"]["orders"]["count"] == 1
        ),
    )
    known = json.loads(exported.read_text())
    assert known["profile"]["traits"] == {"email": EMAIL}
    assert known["segments"]["buyers"]["member"]

    # when the shopper is erased, twice by one request, and comes again
    asked = ("erase", KIM, *brokers, "--yes", "--json", "--request", "r-1", "--reason", "asked")
    first = run(*asked)
    assert first.exit_code == 0, first.output
    receipt = json.loads(first.stdout)["receipt"]
    assert receipt["change"] == "erased"
    assert receipt["removed"]["orders"] == 1
    assert json.loads(run(*asked).stdout)["receipt"] == receipt
    live.send([call(KIM, "Product Viewed", product_id="p"), call("ada", "Order Completed", order_id="o-2", total=5)])
    eventually("others are decided of", lambda: run("export", "ada", *brokers).exit_code == 0)

    # then, once the changelog is compacted, nothing of the shopper is in it, in the stores, or in what came later
    audit = ("erase", KIM, "--audit", "--known", exported, "--data-dir", worker.data, *brokers, "--json")

    def clean() -> bool:
        # The active segment is never compacted: others have to fill new ones.
        live.send([call(f"other-{number}", "Product Viewed", product_id="p") for number in range(40)])
        return run(*audit).exit_code == 0

    eventually("the changelog is compacted", clean, 90)
    found = json.loads(run(*audit).stdout)
    assert found["clean"]
    assert found["identifiers"] == 2
    assert {finding["place"] for finding in found["findings"]} >= {"clickstream", "shopper-events"}
    assert all(KIM.encode() not in (seen.value or b"") for seen in read_committed(live.brokers, ["erasures"]))
    assert run("export", KIM, *brokers).exit_code == 1

    # and no file of a store that rests
    assert worker.stop() == 0
    assert run(*audit, "--compact").exit_code == 0

    # and a worker with an empty disk still knows whom to keep out
    live.worker("b")
    live.send([call(KIM, "Order Completed", order_id="o-3", total=25), call("eve", "Order Completed", order_id="o-4")])
    eventually("others are decided of", lambda: run("export", "eve", *brokers).exit_code == 0)
    eventually("all is taken", lambda: sum(live.group_offsets("intake").values()) > 0)
    assert run("export", KIM, *brokers).exit_code == 1
    assert run(*audit).exit_code == 0
