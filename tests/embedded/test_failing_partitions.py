"""A partition that can't go on stops and says why, while the others go on; nothing of it is lost."""

import pytest
from confluent_kafka import Producer

from pipeline.runtime.checkpoint import CHECKPOINT_KEY, encode_checkpoint
from pipeline.runtime.ports import Checkpoint
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import eventually

pytestmark = pytest.mark.embedded

# Twice a second another hour, up to ten hours off either way.
JUMPING_CLOCK = """
import time
_true = time.time
time.time = lambda: _true() + (int(time.monotonic() * 2) * 7 % 21 - 10) * 3600
"""

HANGING = """
import time
from pipeline.kafka.outbox import TransactionalOutbox
from pipeline.observability import stuck
stuck.PATIENCE = 2.0
TransactionalOutbox.fence = lambda self, timeout=60.0: time.sleep(600)
"""


def test_a_partition_full_of_rubbish_stops_and_the_others_go_on(live: LiveRun) -> None:
    # given history, and one client that sends rubbish only
    records = history(1_500, seed=5)
    flood = [(b"client", b"{rubbish")] * 1_200
    live.send(flood)
    live.send(records)
    worker = live.worker("i", "intake", DEAD_LETTER_RATIO="0.1")
    # then its partition stops before the flood has passed, with a sentence
    eventually("a partition failed", lambda: "The partition failed and stops: TooManyDeadLetters" in worker.text(), 40)
    assert "most often undecodable" in worker.text()
    eventually("the others go on", lambda: sum(live.group_offsets("intake").values()) > len(records) / 2, 20)
    assert worker.process.poll() is None
    assert live.dead_letters() < 1_000
    assert worker.stop() == 0
    # and when an operator lets it pass, all is decided as if nothing had been
    live.worker("j")
    live.assert_decides_as(live.replayed(records))
    assert live.dead_letters() == len(flood) + sum(value.startswith(b"{not") for _, value in records)


@pytest.mark.parametrize("newer", ["checkpoint", "record"])
def test_a_worker_refuses_the_state_of_a_newer_version(live: LiveRun, newer: str) -> None:
    producer = Producer({"bootstrap.servers": live.brokers, "log_level": 0})
    for partition in range(4):
        if newer == "record":
            producer.produce("shop.shopper-changelog", b"\x63\x90", b"ann", partition)
        checkpoint = Checkpoint(next_offset=0, format=99 if newer == "checkpoint" else 1)
        producer.produce("shop.shopper-changelog", encode_checkpoint(checkpoint), CHECKPOINT_KEY, partition)
    assert producer.flush(10) == 0
    worker = live.worker("a", "shopper")
    assert worker.process.wait(40) == 1
    assert f"{newer} of format 99, this version knows 3: run" in worker.text()
    assert "All partitions of this worker failed; see above." in worker.text()


def test_a_machine_whose_clock_jumps_by_hours_decides_the_same(live: LiveRun) -> None:
    records = history(2_000, seed=6)
    live.worker("i", "intake", prelude=JUMPING_CLOCK)
    live.worker("s", "shopper", prelude=JUMPING_CLOCK)
    live.send(records[:1_000])
    eventually("the first half is decided on", lambda: any(live.group_offsets("shopper").values()), 30)
    live.send(records[1_000:])
    live.assert_decides_as(live.replayed(records))


def test_a_worker_whose_partitions_never_open_is_ended(live: LiveRun) -> None:
    # given a call to the brokers that never comes back
    worker = live.worker("s", "shopper", HANGING)
    # then the watchdog tells the stage, where all threads are, and ends it so that it is started anew
    assert worker.process.wait(40) == 70
    assert "partition 0 is fencing and has made no progress" in worker.text()
    assert "partition_owner.py" in worker.text()
