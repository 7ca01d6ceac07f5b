"""A file of events instead of the simulator: its lines into the clickstream, in order of received time."""

import time
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path
from threading import Event as Flag
from threading import Thread

from confluent_kafka import KafkaException, Producer
from ruamel.yaml import YAML

from pipeline.config.flow import CLICKSTREAM
from pipeline.config.topology import Topology
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.replay.reader import readings
from pipeline.replay.source import InputError, LineSource

_FLUSH = 10.0
# Few records a batch are many transactions and progress records; a file is in no hurry.
_LINGER = 250


class History:
    """Feeds on a thread of its own, `rate` lines a second, each record stamped with the line's received time.

    Lines of a shopper go to one partition, so that they stay in order. over: all is sent. problem: why it broke off.
    """

    def __init__(self, lines: LineSource, topology: Topology, brokers: str, rate: float) -> None:
        self.over = False
        self.problem = ""
        self._topic = topology.topic(CLICKSTREAM)
        self._values = keyed_values(lines, Intake(topology.plan()))
        self._producer = Producer(
            {
                "bootstrap.servers": brokers,
                "partitioner": "murmur2_random",
                "enable.idempotence": True,
                "linger.ms": _LINGER,
                "log_level": 0,
            }
        )
        self._rate = rate
        self._stop = Flag()
        self._thread = Thread(target=self._run, name="history", daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._stop.set()
        self._thread.join(_FLUSH)

    def _run(self) -> None:
        try:
            self._send()
        except (InputError, KafkaException) as error:
            self.problem = str(error)
        self.over = True

    def _send(self) -> None:
        began = time.monotonic()
        for sent, (received, key, value) in enumerate(self._values):
            ahead = began + sent / self._rate - time.monotonic()
            # Short sleeps are long ones to the system: rather some lines at once, some hundred times a second.
            if ahead > 0.005 and self._stop.wait(ahead):
                break
            self._produce(received, key, value)
        self._producer.flush(_FLUSH)

    def _produce(self, received: int, key: bytes | None, value: bytes) -> None:
        while not self._stop.is_set():
            try:
                self._producer.produce(self._topic, value, key, timestamp=received)
                return
            except BufferError:
                self._producer.poll(0.1)


def keyed_values(source: LineSource, intake: Intake) -> Iterator[tuple[int, bytes | None, bytes]]:
    """Each line with its received time (ms, never running backwards) and its first shopper as key; a line that intake
    refuses has none."""
    for _, group in groupby(readings([source], intake), key=lambda reading: reading[3][0]):
        calls = list(group)
        received, _, _, (_, value, _), _ = calls[-1]
        shoppers = (call.shopper.encode() for _, call, *_ in calls if isinstance(call, Event))
        yield received, next(shoppers, None), value


def history_topology(path: Path, target: Path) -> None:
    """Write a copy of a topology in which only records move time (`tick: off`): a history has its own."""
    yaml = YAML()
    yaml.preserve_quotes = True
    with path.open(encoding="utf-8") as file:
        root = yaml.load(file)
    root.setdefault("time", {})["tick"] = "off"
    with target.open("w", encoding="utf-8") as file:
        yaml.dump(root, file)
