"""kill -9 of collector, broker and worker in turn, while shoppers order over HTTP: whatever was acknowledged is on the
log, in order, and decided about once. `make front-door KILLS=100 SEED=1`."""

import argparse
import json
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from threading import Event, Thread

import httpx2

from tests.support.apache_kafka import ApacheKafka
from tests.support.collector_process import CollectorProcess
from tests.support.kafka_reader import decisions, read_committed
from tests.support.worker_process import WorkerProcess, afterclick, eventually

TOPOLOGY = """\
version: 1
name: door
kafka: {partitions: 4, replication: 1}
time: {received: producer}
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    tiers:
      metric: points_earned
      window: {rolling: 365d}
      levels: [{name: bronze, from: 0}, {name: gold, from: 1000000}]
"""
SHOPPERS = 6
PAUSE = 0.02
"""Seconds between two orders of a shopper."""
_LONGEST_OUTAGE = 9.0
"""Seconds that the broker is away, at most: longer than a request waits for it."""


class Shopper(Thread):
    """Orders again and again over HTTP; what is not acknowledged is sent again, the same message, as SDKs do.

    acknowledged: ids of orders, in order.
    """

    def __init__(self, url: str, name: str) -> None:
        super().__init__(daemon=True)
        self.shopper = name
        self.acknowledged: list[str] = []
        self._url = url
        self._over = Event()
        self.start()

    def run(self) -> None:
        number = 0
        with httpx2.Client(timeout=30) as http:
            while not self._over.wait(PAUSE):
                order = f"{self.shopper}-{number}"
                properties = {"order_id": order, "total": 10, "currency": "EUR"}
                call = {
                    "userId": self.shopper,
                    "event": "Order Completed",
                    "messageId": order,
                    "properties": properties,
                }
                if self._acknowledged(http, call):
                    self.acknowledged.append(order)
                    number += 1

    def leave(self) -> None:
        self._over.set()
        self.join()

    def _acknowledged(self, http: httpx2.Client, call: dict[str, object]) -> bool:
        try:
            return http.post(f"{self._url}/v1/track", json=call).status_code == 200
        except httpx2.TransportError:
            return False


@dataclass
class Outcome:
    """acknowledged: orders. repeated: records of the clickstream that are there more than once."""

    kills: Counter[str]
    acknowledged: int
    repeated: int
    differences: list[str]


class FrontDoor:
    """folder: for data and logs of all. say: told of each kill."""

    def __init__(self, folder: Path, seed: int, say: Callable[[str], None] = print) -> None:
        self._choose = random.Random(f"front door {seed}")
        self._say = say
        self._kills: Counter[str] = Counter()
        topology = folder / "topology.yaml"
        topology.write_text(TOPOLOGY)
        home = folder / "kafka"
        home.mkdir()
        self._kafka = ApacheKafka(home)
        made = afterclick("topics", "--topology", topology, "--brokers", self._kafka.brokers)
        if made.returncode:
            self._kafka.stop()
            raise RuntimeError(f"topics were not made: {made.stderr}")
        self._collector = CollectorProcess(folder, topology, self._kafka.brokers)
        flags = ("--topology", topology, "--brokers", self._kafka.brokers)
        self._worker = WorkerProcess(folder, "worker", *flags)

    def run(self, kills: int, minutes: float = 60) -> Outcome:
        """So many kills, each kind as often, fewer if time is over before; then peace and the audit."""
        until = time.monotonic() + 60 * minutes
        shoppers = [Shopper(self._collector.url, f"u-{number}") for number in range(SHOPPERS)]
        acts = (self._kill_collector, self._kill_broker, self._kill_worker)
        for number in range(kills):
            if time.monotonic() > until:
                break
            self._let_pass(shoppers)
            acts[number % len(acts)]()
        self._let_pass(shoppers)
        for shopper in shoppers:
            shopper.leave()
        eventually("the spool is on the log", lambda: self._collector.health() == "ok", 120)
        return self._audited(shoppers)

    def close(self) -> None:
        self._worker.kill()
        self._collector.kill()
        self._kafka.stop()

    def _let_pass(self, shoppers: list[Shopper]) -> None:
        """Until each shopper has something acknowledged once more, and a moment longer."""
        before = [len(shopper.acknowledged) for shopper in shoppers]

        def all_went_on() -> bool:
            return all(len(one.acknowledged) > count for one, count in zip(shoppers, before, strict=True))

        eventually("all shoppers are acknowledged again", all_went_on, 60)
        time.sleep(self._choose.uniform(0.1, 1.5))

    def _kill_collector(self) -> None:
        self._count("collector")
        self._collector.kill()
        self._collector.start()

    def _kill_broker(self) -> None:
        away = self._choose.uniform(0.2, _LONGEST_OUTAGE)
        self._count("broker", f", back in {away:.1f} s")
        self._kafka.kill()
        time.sleep(away)
        if self._choose.random() < 0.5:
            # With orders on its disk that nobody else has.
            self._count("collector", " while the broker is away")
            self._collector.kill()
            self._collector.start()
        self._kafka.start()

    def _kill_worker(self) -> None:
        self._count("worker")
        self._worker.kill()
        self._worker.start()

    def _count(self, what: str, more: str = "") -> None:
        self._kills[what] += 1
        self._say(f"{self._kills.total():4}  kill -9 of the {what}{more}")

    def _audited(self, shoppers: list[Shopper]) -> Outcome:
        wanted = {order for shopper in shoppers for order in shopper.acknowledged}
        values = [json.loads(seen.value or b"") for seen in read_committed(self._kafka.brokers, ["clickstream"])]
        differences: list[str] = []
        for shopper in shoppers:
            found = dict.fromkeys(one["messageId"] for one in values if one["userId"] == shopper.shopper)
            if list(found)[: len(shopper.acknowledged)] != shopper.acknowledged:
                differences.append(f"the log has not what {shopper.shopper} was acknowledged, in order")
        earned = self._earned(wanted)
        differences += [f"order {order} was decided {earned[order]} times" for order in wanted if earned[order] != 1]
        repeated = len(values) - len({one["messageId"] for one in values})
        return Outcome(self._kills, len(wanted), repeated, differences)

    def _earned(self, wanted: set[str]) -> Counter[str]:
        """How often each order has earned points, once all have."""
        earned: Counter[str] = Counter()

        def all_have() -> bool:
            earned.clear()
            earned.update(
                decision["order_id"]
                for decision in decisions(self._kafka.brokers)
                if decision["topic"] == "loyalty-points" and decision["entry"] == "confirmed"
            )
            return wanted <= earned.keys()

        try:
            eventually("all orders have earned", all_have, 120)
        except AssertionError:
            self._say(f"{len(wanted - earned.keys())} orders have not earned")
        return earned


def main() -> int:
    arguments = argparse.ArgumentParser(prog="python -m tests.chaos.front_door", description=__doc__)
    arguments.add_argument("--kills", type=int, default=100, help="the broker's come with a further one at times")
    arguments.add_argument("--minutes", type=float, default=60, help="no further kill after so many (default: 60)")
    arguments.add_argument("--seed", type=int, default=None, help="default: any")
    given = arguments.parse_args()
    seed = random.randrange(1_000_000) if given.seed is None else given.seed
    print(f"seed {seed}; the same kills again: make front-door KILLS={given.kills} SEED={seed}", flush=True)
    folder = Path(tempfile.mkdtemp(prefix="afterclick-front-door-"))
    door = FrontDoor(folder, seed, lambda what: print(what, flush=True))
    try:
        outcome = door.run(given.kills, given.minutes)
    finally:
        door.close()
    for difference in outcome.differences[:50]:
        print(f"  {difference}")
    print(
        f"{'FAIL' if outcome.differences else 'PASS'} - {outcome.kills.total()} kills ({dict(outcome.kills)}), "
        f"{outcome.acknowledged} orders acknowledged, {outcome.repeated} records repeated, "
        f"{len(outcome.differences)} differences"
    )
    if outcome.differences:
        print(f"data and logs: {folder}")
        return 1
    shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
