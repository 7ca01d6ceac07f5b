"""The consumers of docs/consumers on a real Apache Kafka: nothing of transactions that were given up, and no effect
twice although decisions come again and the consumer is killed."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import msgspec
import pytest
from confluent_kafka import Producer

from schemas.codec import DecisionCodec
from tests.support.fetched import fetched
from tests.support.live_run import LiveRun
from tests.support.locked_environment import node_modules
from tests.support.shop_history import MESSAGING
from tests.support.worker_process import eventually
from tests.unit.schemas.sample import SOURCE, decision

pytestmark = pytest.mark.broker

CONSUMERS = Path(__file__).parents[2] / "docs" / "consumers"
MODULES = CONSUMERS.parents[1] / ".venv-consumers"
CODEC = DecisionCodec("json", "shop")


@pytest.fixture
def messaging() -> str:
    return MESSAGING


class Publisher:
    """Publishes decisions as a worker does: in transactions, of which some are given up."""

    def __init__(self, live: LiveRun) -> None:
        client = {"bootstrap.servers": live.brokers, "partitioner": "murmur2_random", "log_level": 0}
        self._producer = Producer(client | {"transactional.id": "publisher"})
        self._producer.init_transactions(20)

    def publish(
        self, topic: str, numbers: range, *, commit: bool = True, silent: bool = False, **fields: object
    ) -> None:
        """A decision for each number: its id and its shopper's."""
        self._producer.begin_transaction()
        like = decision(topic)
        for number in numbers:
            made = msgspec.structs.replace(
                like, id=f"{number:032}", shopper=f"s{number}", silent=silent, fields={**like.fields, **fields}
            )
            value, headers = CODEC.encode(made, SOURCE)
            self._producer.produce(topic, value, made.shopper, headers=headers)
        assert self._producer.flush(20) == 0
        self._producer.commit_transaction(20) if commit else self._producer.abort_transaction(20)


@contextmanager
def running(*command: str | Path, modules: Path | None = None) -> Iterator[subprocess.Popen[bytes]]:
    environment = dict(os.environ) | ({"NODE_PATH": str(modules)} if modules else {})
    process = subprocess.Popen(list(map(str, command)), env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def test_python_acts_once_on_each_message(live: LiveRun) -> None:
    path, publisher = live.folder / "sent.db", Publisher(live)
    consumer = (sys.executable, CONSUMERS / "python" / "reminders.py", live.brokers, path)

    def sent() -> list[str]:
        if not path.exists():
            return []
        with closing(sqlite3.connect(path)) as database:
            try:
                return sorted(row[0] for row in database.execute("SELECT shopper FROM outbox"))
            except sqlite3.OperationalError:
                return []  # not made yet

    def of(numbers: range) -> list[str]:
        return sorted(f"s{number}" for number in numbers)

    # given messages, some of them given up and some silent
    publisher.publish("messages", range(100))
    publisher.publish("messages", range(100, 150), commit=False)
    publisher.publish("messages", range(150, 200), silent=True)

    # when the consumer is killed and started again, and half of them come once more
    with running(*consumer):
        eventually("the first are sent", lambda: len(sent()) >= 100, 60)
    publisher.publish("messages", range(50, 100))
    publisher.publish("messages", range(200, 300))
    with running(*consumer) as process:
        eventually("the others are sent", lambda: len(sent()) >= 200, 90)
        process.terminate()
        assert process.wait(30) == 0

    # then
    assert sent() == sorted(of(range(100)) + of(range(200, 300)))


def test_node_mirrors_who_is_a_member(live: LiveRun) -> None:
    modules = fetched(lambda: node_modules(MODULES, CONSUMERS / "node" / "package-lock.json"))
    path, publisher = live.folder / "members.json", Publisher(live)
    consumer = ("node", CONSUMERS / "node" / "members.js", live.brokers, path)

    def members() -> set[str]:
        found = json.loads(path.read_text()) if path.exists() else {}
        return {key.split()[1] for key, each in found.items() if each["member"]}

    # given 20 who entered, of whom 5 left; one's entry comes again afterwards, and another's is given up
    topic = "segment-changes"
    publisher.publish(topic, range(20))
    publisher.publish(topic, range(5), change="exited", sequence=2)
    publisher.publish(topic, range(1))
    publisher.publish(topic, range(90, 91), commit=False)
    publisher.publish(topic, range(20, 21), silent=True)

    expected = {f"s{number}" for number in range(5, 21)}
    with running(*consumer, modules=modules) as process:
        eventually("the mirror is complete", lambda: members() == expected, 60)
        process.terminate()
        assert process.wait(30) == 0

    # then it goes on where it stood
    publisher.publish(topic, range(21, 22))
    with running(*consumer, modules=modules):
        eventually("the mirror goes on", lambda: members() == expected | {"s21"}, 60)
