"""Time passes for shoppers who do nothing: by progress records, stamped by no clock but the brokers'."""

import json

import pytest

from tests.support.kafka_reader import decisions
from tests.support.live_run import LiveRun
from tests.support.worker_process import afterclick, eventually

pytestmark = pytest.mark.broker

TOPOLOGY = """\
version: 1
name: shop
kafka: {partitions: 4, replication: 1}
time: {received: broker, tick: 200ms, margin: 500ms}
segments:
  looking: {when: {count: {of: Product Viewed, at_least: 1, within: 3s}}}
"""


def test_a_segment_is_left_on_time_although_nothing_more_comes(live: LiveRun) -> None:
    # given topics that the brokers stamp
    live.topology.write_text(TOPOLOGY)
    made = afterclick("topics", "--topology", live.topology, "--brokers", live.brokers)
    assert made.returncode == 0, made.stderr
    worker = live.worker("a")
    call = {"type": "track", "event": "Product Viewed", "userId": "u", "messageId": "1", "properties": {}}
    live.send([(b"u", json.dumps(call).encode())])
    # when the shopper does nothing more
    eventually("the segment is left", lambda: len(decisions(live.brokers)) == 2, 30)
    entered, left = sorted(decisions(live.brokers), key=lambda decision: int(decision["sequence"]))
    assert (entered["change"], left["change"]) == ("entered", "exited")
    assert left["cause"]["kind"] == "timer"
    assert _ms(left["effective_at"]) - _ms(entered["effective_at"]) == 3_000
    # then it works as well after a restart without any record
    assert worker.stop() == 0
    live.send([(b"u", json.dumps(call | {"messageId": "2"}).encode())])
    worker.start()
    eventually("entered and left again", lambda: len(decisions(live.brokers)) == 4, 30)


def _ms(instant: str) -> int:
    from datetime import datetime

    return round(datetime.fromisoformat(instant).timestamp() * 1000)
