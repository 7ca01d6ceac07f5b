"""Where a worker meets its machine and brokers: disks that fail or lie, brokers that stand still, records too large.

Whole processes on a real Apache Kafka; what the store itself does is in tests/unit/state/test_disk.py.
"""

import contextlib
import json
import os
import random
import resource
import signal
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient, AlterConfigOpType, ConfigEntry, ConfigResource  # type: ignore[attr-defined]

from tests.support.apache_kafka import ApacheKafka
from tests.support.live_run import LiveRun
from tests.support.shop_history import history
from tests.support.worker_process import WorkerProcess, afterclick, eventually

pytestmark = pytest.mark.broker


def taken(live: LiveRun, agent: str) -> int:
    """Records of its source that the agent has taken, as its group says."""
    return sum(live.group_offsets(agent).values())


def test_a_disk_that_takes_nothing_for_a_while_holds_up_and_changes_nothing(live: LiveRun) -> None:
    records = history(3_000, seed=11)
    live.worker("i", "intake")
    worker = live.worker("s", "shopper")
    live.send(records[:1_500])
    eventually("it works", lambda: taken(live, "shopper") > 0, 40)
    # when no file may grow any more beyond what a log of ours needs
    limit = worker.log.stat().st_size + 20_000
    _, hard = resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE)
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (limit, hard))
    live.send(records[1_500:])
    eventually("it says so", lambda: "a file may not grow further" in worker.text(), 40)
    # then, once they may, the same worker has lost nothing
    resource.prlimit(worker.process.pid, resource.RLIMIT_FSIZE, (hard, hard))
    live.assert_decides_as(live.replayed(records))
    assert worker.stop() == 0


def test_a_read_only_data_directory_ends_a_worker_at_its_start(live: LiveRun, tmp_path: Path) -> None:
    directory = tmp_path / "data"
    directory.mkdir(mode=0o555)
    with contextlib.ExitStack() as ended:
        if os.access(directory, os.W_OK):
            # Root writes anywhere but on a file system that takes nothing.
            mount = ["mount", "-t", "tmpfs", "-o", "ro,size=1m", "none", str(directory)]
            if subprocess.run(mount, capture_output=True, check=False).returncode:
                pytest.skip("root may write anywhere, and may not mount a read-only disk here")
            ended.callback(subprocess.run, ["umount", "-l", str(directory)], check=True)
        arguments = ("--agent", "shopper", "--http", "off", "--data-dir", directory, "--brokers", live.brokers)
        refused = afterclick("worker", "--topology", live.topology, *arguments)
    assert refused.returncode == 1
    assert f"The data directory {directory}/shopper can't be written" in refused.stderr
    assert "Traceback" not in refused.stderr


def cut(pattern: str, keep: float) -> Callable[[Path], None]:
    """Leave the first part of the files of that name; nothing at all of them if `keep` is negative."""

    def damage(directory: Path) -> None:
        files = list(directory.glob(pattern))
        assert files, f"{directory} has no {pattern}"
        for file in files:
            if keep < 0:
                file.unlink()
            else:
                os.truncate(file, int(file.stat().st_size * keep))

    return damage


# What a crash of the machine, a full disk or a careless hand leave; one for each partition.
AFTER_KILL = (cut("CURRENT", -1), cut("MANIFEST-*", -1), cut("*.log", 0.5), cut("MANIFEST-*", 0.3))
AFTER_STOP = (cut("*.sst", 0.5), cut("*.sst", -1), cut("CURRENT", 0), cut("*.log", -1))


def test_files_damaged_while_a_worker_is_down_change_nothing(live: LiveRun) -> None:
    records = history(3_000, seed=12)
    live.worker("i", "intake")
    worker = live.worker("s", "shopper")
    live.send(records[:1_000])
    eventually("all partitions have state", lambda: len(live.group_offsets("shopper")) == 4, 40)
    worker.kill()
    damage(worker, AFTER_KILL)
    worker.start()
    before = taken(live, "shopper")
    live.send(records[1_000:2_000])
    eventually("it goes on", lambda: taken(live, "shopper") > before + 700, 40)
    assert worker.stop() == 0
    # Those that were whole have their logs in tables since they were opened again.
    damage(worker, AFTER_STOP)
    worker.start()
    live.send(records[2_000:])
    live.assert_decides_as(live.replayed(records))
    assert worker.text().count("Local state is of no use, restoring it all") >= 5
    assert "The partition failed" not in worker.text()


def damage(worker: WorkerProcess, kinds: tuple[Callable[[Path], None], ...]) -> None:
    for partition, kind in enumerate(kinds):
        kind(worker.data / "shopper" / "state" / str(partition))


@contextmanager
def standing_still(kafka: ApacheKafka) -> Iterator[None]:
    """The broker's connections stay, and nothing comes through them."""
    kafka._process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        kafka._process.send_signal(signal.SIGCONT)


def test_a_broker_that_stands_still_is_waited_for(kafka: ApacheKafka, live: LiveRun) -> None:
    records = history(3_000, seed=13)
    # given transactions and sends that time out after 10 s instead of 30
    timeouts = {"KAFKA_TRANSACTION_TIMEOUT_MS": "10000", "KAFKA_MESSAGE_TIMEOUT_MS": "10000"}
    worker = live.worker("a", **timeouts)
    live.send(records[:1_000])
    eventually("it works", lambda: taken(live, "shopper") > 0, 40)
    for seconds, part in ((5, records[1_000:2_000]), (15, records[2_000:])):
        live.send(part)
        with standing_still(kafka):
            time.sleep(seconds)
    live.assert_decides_as(live.replayed(records), 90)
    assert "The partition failed" not in worker.text()
    assert worker.stop() == 0


def test_a_record_larger_than_its_topic_takes_stops_its_partition_and_no_other(live: LiveRun) -> None:
    # given a changelog that takes less than what a cart with very long names comes to
    limit(live, "shop.shopper-changelog", "50000")
    choose = random.Random(1)
    large = [(b"hoarder", added(number, choose.randbytes(300).hex())) for number in range(200)]
    records = history(1_000, seed=14, shoppers=60)
    worker = live.worker("a")
    live.send(large)
    eventually("its partition stops", lambda: "The partition failed and stops" in worker.text(), 40)
    assert "TooLarge: a record is longer than its topic takes; raise the topic's max.message.bytes" in worker.text()
    # then the others go on
    live.send(records)
    eventually("the others go on", lambda: taken(live, "shopper") > len(records) / 2, 40)
    assert worker.stop() == 0
    # and with the limit as it should be, nothing was lost
    limit(live, "shop.shopper-changelog", str(16 << 20))
    worker.start()
    live.assert_decides_as(live.replayed(large + records))


def limit(live: LiveRun, topic: str, size: str) -> None:
    """Have the topic take no batch of records of more than `size` bytes."""
    entry = ConfigEntry("max.message.bytes", size, incremental_operation=AlterConfigOpType.SET)
    resource_of = ConfigResource(ConfigResource.Type.TOPIC, topic, incremental_configs=[entry])
    admin = AdminClient({"bootstrap.servers": live.brokers, "log_level": 0})
    admin.incremental_alter_configs([resource_of])[resource_of].result(10)


def added(number: int, product: str) -> bytes:
    return json.dumps(
        {
            "type": "track",
            "event": "Product Added",
            "userId": "hoarder",
            "messageId": f"h{number}",
            "timestamp": "2026-01-01T00:00:00.000Z",
            "receivedAt": "2026-01-01T00:00:00.000Z",
            "properties": {"product_id": product, "price": 1, "quantity": 1},
        }
    ).encode()
