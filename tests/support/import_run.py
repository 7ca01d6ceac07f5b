"""A shop with a past: its history as an archive, taken in by `afterclick import` before it goes live."""

import json
import os
import subprocess
from pathlib import Path
from random import Random
from typing import Any

from pipeline.kafka.history_log import HEADER, PARTITION
from tests.support.archived import write
from tests.support.kafka_reader import decisions, read_committed
from tests.support.live_run import History, LiveRun
from tests.support.shop_history import START, contacts, history
from tests.support.worker_process import COMMAND, afterclick, eventually

DAY = 86_400_000
LIVE_FROM = START + 30 * DAY
_LIVE = '"2026-01-31T00:00:00Z"'
MESSAGES = ("messages", "message-suppressions", "message-results", "experiment-exposures")


class ImportRun:
    """live: of a shop that sends messages. events: of its past."""

    def __init__(self, live: LiveRun, events: int = 2_000) -> None:
        self.live = live
        text = live.topology.read_text()
        live.topology.write_text(text.replace("tick: off", f"tick: off, live_from: {_LIVE}"))
        self.past: History = [*contacts(), *history(events)]
        # What a replay of it needs to be told apart by: a log of the same order.
        self.archive = _archived(live.folder / "archive", self.past)

    def run(self, *flags: str) -> "subprocess.CompletedProcess[str]":
        return afterclick(*self._arguments(*flags))

    def done(self, *flags: str) -> str:
        run = self.run(*flags)
        assert run.returncode == 0, run.stderr
        return run.stdout

    def start(self, *flags: str) -> "subprocess.Popen[bytes]":
        """In a process that can be killed."""
        quiet = subprocess.DEVNULL
        return subprocess.Popen(
            [*COMMAND, *map(str, self._arguments(*flags))], stdout=quiet, stderr=quiet, env=dict(os.environ)
        )

    def _arguments(self, *flags: str) -> list[str | Path]:
        live = self.live
        place: list[str | Path] = ["--topology", live.topology, "--brokers", live.brokers]
        return ["import", self.archive, *place, "--data-dir", live.folder / "importing", *flags]

    def log(self) -> list[bytes]:
        """What imports have put onto the clickstream, in order."""
        seen = [one for one in read_committed(self.live.brokers, ["clickstream"]) if HEADER in dict(one.headers)]
        assert {one.partition for one in seen} <= {PARTITION}
        return [one.value or b"" for one in sorted(seen, key=lambda one: one.offset)]

    def messages(self) -> list[dict[str, Any]]:
        return [one for one in decisions(self.live.brokers) if one["topic"] in MESSAGES]

    def assert_on_the_log_once(self) -> None:
        """All that is JSON, in order of received time."""
        wanted = sorted(json.loads(value)["messageId"] for _, value in self.past if value.startswith(b'{"'))
        values = [json.loads(value) for value in self.log()]
        assert sorted(value["messageId"] for value in values) == wanted
        received = [value["receivedAt"] for value in values]
        assert received == sorted(received)

    def assert_taken_in_silently(self) -> None:
        """The workers decide what a replay decides, and write to nobody."""
        wanted = self.live.replayed(self.past)
        self.live.assert_decides_as(wanted, 120)
        found = decisions(self.live.brokers)
        topics = {one["topic"] for one in found}
        assert {"segment-changes", "abandonment-triggers", "loyalty-tiers", "loyalty-points"} <= topics
        assert all(one["silent"] for one in found)
        assert self.messages() == []

    def goes_live(self) -> None:
        """A shopper of the past orders on the first day: from then on all is told, upon what was before."""
        tiers = [one for one in decisions(self.live.brokers) if one["topic"] == "loyalty-points"]
        shopper = next(one["shopper"] for one in tiers if int(one["shopper"].partition("-")[2]) % 10 == 2)
        before = sum(one["points"] for one in tiers if one["shopper"] == shopper)
        self.live.send([(shopper.encode(), _order(shopper))])
        eventually("a receipt is sent", lambda: any(one["topic"] == "messages" for one in self.messages()))
        new = [one for one in decisions(self.live.brokers) if not one["silent"]]
        assert {one["shopper"] for one in new if one["topic"] == "messages"} == {shopper}
        (points,) = (one for one in new if one["topic"] == "loyalty-points" and one["shopper"] == shopper)
        assert (points["points"], points["balance"]) == (50, before + 50)


def _order(shopper: str) -> bytes:
    at = "2026-01-31T10:00:00.000Z"
    product = {"product_id": "p1", "price": 50, "quantity": 1}
    properties = {"order_id": "live-1", "total": 50, "currency": "EUR", "products": [product]}
    call = {"type": "track", "event": "Order Completed", "userId": shopper, "messageId": "live-1", "timestamp": at}
    return json.dumps({**call, "receivedAt": at, "properties": properties}).encode()


def _archived(folder: Path, past: History) -> Path:
    """In several files, whose names and rows say nothing of the order, but of what came at the same instant."""
    random, rows = Random(1), [value for _, value in past]
    parts = [rows[start : start + 400] for start in range(0, len(rows), 400)]
    for number, part in enumerate(random.sample(parts, len(parts))):
        shuffled = random.sample(part, len(part)) if part is not parts[0] else part
        path = folder / f"{number % 3}" / f"{number:03}.ndjson.gz"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(path, shuffled)
    return folder
