"""A shop whose clients are real: a collector, a worker, and what they make of what was sent."""

import os
import time
from pathlib import Path
from typing import Any

from pipeline.domain.event import Event
from tests.clients.canonical import accepted
from tests.support.collector_process import CollectorProcess
from tests.support.kafka_reader import Seen, decisions, read_committed
from tests.support.worker_process import WorkerProcess, eventually


class Shop:
    """folder: of state and logs. brokers: embedded ones."""

    def __init__(self, folder: Path, topology: Path, brokers: str) -> None:
        self.brokers = brokers
        self._collector = CollectorProcess(folder, topology, brokers)
        flags = ("--topology", topology, "--embedded")
        self._worker = WorkerProcess(folder, "worker", *flags, session=2_000, BROKERS=brokers)
        self.url = self._collector.url

    def records(self) -> list[Seen]:
        """Of the clickstream."""
        return read_committed(self.brokers, ["clickstream"])

    def end(self) -> None:
        assert self._collector.stop() == 0, self._collector.log.read_text()
        self._worker.kill()


class Shopper:
    """One SDK's visitor: nobody else has these ids, or sends meanwhile. known: the id after the login."""

    def __init__(self, shop: Shop, name: str) -> None:
        self.known, self.anonymous = f"u-{name}", f"anon-{name}"
        self._shop = shop
        self._began = {(seen.partition, seen.offset) for seen in shop.records()}

    @property
    def environment(self) -> dict[str, str]:
        """What the drivers read. The visit began five minutes ago."""
        return {
            "COLLECTOR": self._shop.url,
            "KNOWN": self.known,
            "ANONYMOUS": self.anonymous,
            "OPENED": str(int(time.time()) - 300),
            "PATH": os.environ["PATH"],
        }

    def events(self, expected: int) -> list[Event]:
        """What intake makes of all that came since this visit began, once so much has come."""
        eventually(f"{expected} events of {self.known}", lambda: len(self._taken()) >= expected, 20)
        return self._taken()

    def expect(self, topic: str, **fields: Any) -> None:
        """A decision about this shopper, within a time."""
        eventually(f"{topic} {fields} about {self.known}", lambda: self._decided(topic, fields), 30)

    def _decided(self, topic: str, fields: dict[str, Any]) -> bool:
        ids = {self.known, self.anonymous} | {event.shopper for event in self._taken()}
        return any(
            decision["shopper"] in ids and decision | fields == decision
            for decision in decisions(self._shop.brokers)
            if decision["topic"] == topic
        )

    def _taken(self) -> list[Event]:
        fresh = [seen for seen in self._shop.records() if (seen.partition, seen.offset) not in self._began]
        return accepted([seen.value or b"" for seen in fresh], int(time.time() * 1000))
