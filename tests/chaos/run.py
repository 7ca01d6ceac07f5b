"""One chaos run: brokers, workers and traffic on this machine, faults for a while, then peace and the audit."""

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from itertools import pairwise
from pathlib import Path

from tests.chaos.auditor import Auditor
from tests.chaos.expectation import STAGES
from tests.chaos.faults import Faults
from tests.chaos.topic_log import DECISIONS, Logs, TopicLog
from tests.chaos.traffic import Traffic
from tests.chaos.worker import ChaosWorker
from tests.support.kafka_cluster import KafkaCluster
from tests.support.worker_process import afterclick

TOPOLOGY = Path(__file__).parent / "topology.yaml"
WORKERS = 3
EVERY = 10.0
"""Seconds between two lines of progress."""
MARGIN = 20.0
"""`time.margin` of topology.yaml, seconds."""


@dataclass
class Outcome:
    """What came of a run. minutes: of trouble. exits: ends of workers that nobody asked for. gap: longest time without
    a decision while there was trouble, seconds. drained: from peace to the end of the audit, seconds. last_due: when
    the last timer was due, ms."""

    seed: int
    minutes: float
    faults: Counter[str]
    kills: int
    sent: int
    exits: Counter[int]
    gap: float
    drained: float
    last_due: int
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)

    @property
    def passed(self) -> bool:
        return not self.differences and self.counts["decisions by timers"] > 0


class ChaosRun:
    """folder: for data and logs of all. rate: events a second. patience: seconds that the tail may take, once there is
    peace. say: told of all that happens. logs: what was read of the topics in the end."""

    def __init__(
        self, folder: Path, seed: int, rate: float, say: Callable[[str], None] = print, patience: float = 120
    ) -> None:
        self.folder = folder
        self.seed = seed
        self._rate = rate
        self._patience = patience
        self._begun = time.monotonic()
        self._told = 0.0
        self._listener = say
        self._workers: list[ChaosWorker] = []
        self._guests = 0
        self.logs: Logs = {}

    def run(self, seconds: float) -> Outcome:
        """Trouble ends so many seconds after the call, and lasts for a third of that at least, if the machine is slow.
        Ctrl-C ends it at once; a second one ends all."""
        cluster = KafkaCluster(self.folder / "kafka")
        log = None
        try:
            made = afterclick("topics", "--topology", TOPOLOGY, "--brokers", cluster.brokers)
            if made.returncode:
                raise RuntimeError(f"topics were not made: {made.stderr}")
            self._workers = [self._worker(cluster, f"worker-{number}") for number in range(1, WORKERS + 1)]
            log = TopicLog(cluster.brokers)
            traffic = Traffic(cluster.brokers, self.seed, self._rate)
            decided = partial(getattr, log, "decisions")
            faults = Faults(self.seed, cluster, self._workers, partial(self._guest, cluster), decided, self._say)
            traffic.start()
            self._say("three nodes, three workers, traffic: go")
            begun = time.time()
            until = max(self._begun + seconds, time.monotonic() + seconds / 3)
            self._trouble(until, traffic, faults, log, cluster)
            ended = time.time()
            auditor, drained = self._peace(traffic, faults, log, cluster)
            self.logs = log.rows
            return self._outcome(begun, ended, faults, traffic, auditor, drained)
        finally:
            for worker in self._workers:
                worker.kill()
            if log is not None:
                log.close()
            cluster.stop()

    def tails(self) -> str:
        """The ends of the workers' logs."""
        return "\n".join(f"--- {worker.name}, exits {worker.exits}\n{worker.tail()}" for worker in self._workers)

    def _trouble(self, until: float, traffic: Traffic, faults: Faults, log: TopicLog, cluster: KafkaCluster) -> None:
        try:
            while time.monotonic() < until:
                faults.step()
                self._look(traffic, faults, log, cluster)
        except KeyboardInterrupt:
            self._say("interrupted: what there is will be audited; once more to leave it")

    def _peace(self, traffic: Traffic, faults: Faults, log: TopicLog, cluster: KafkaCluster) -> tuple[Auditor, float]:
        """Heal, let the last timers fire, audit; once more while what is missing may still come."""
        faults.heal()
        self._say("peace: all runs again, traffic ends, the last timers fire")
        begun = time.monotonic()
        traffic.stop()
        calm = time.monotonic() + sum(STAGES) / 1000 + MARGIN + 3
        deadline = calm + self._patience
        while True:
            while time.monotonic() < calm:
                self._look(traffic, faults, log, cluster)
            log.read()
            auditor = Auditor(log.rows)
            found = auditor.differences
            if not found or not auditor.only_missing or time.monotonic() > deadline:
                return auditor, time.monotonic() - begun
            self._say(f"{len(found)} still missing, as {found[0]}")
            calm = time.monotonic() + 5

    def _look(self, traffic: Traffic, faults: Faults, log: TopicLog, cluster: KafkaCluster) -> None:
        faults.look_at_nodes()
        for worker in self._workers:
            worker.look()
        log.poll(0)
        time.sleep(0.25)
        if time.monotonic() - self._told >= EVERY:
            self._told = time.monotonic()
            up = sum(worker.healthy for worker in self._workers)
            nodes = sum(node.running for node in cluster.nodes)
            self._say(
                f"-- {traffic.sent} events sent, {traffic.waiting} waiting to be stored, {log.decisions} decisions; "
                f"{faults.kills} kills, {sum(faults.happened.values())} faults; up: {up} workers, {nodes} nodes"
            )

    def _outcome(
        self, begun: float, ended: float, faults: Faults, traffic: Traffic, auditor: Auditor, drained: float
    ) -> Outcome:
        """begun, ended: of trouble, seconds since the epoch."""
        instants = [row.timestamp / 1000 for topic in DECISIONS for row in self.logs[topic]]
        during = sorted(instant for instant in instants if instant < ended)
        auditor.counts["decisions while there was trouble"] = len(during)
        return Outcome(
            seed=self.seed,
            minutes=(ended - begun) / 60,
            faults=faults.happened,
            kills=faults.kills,
            sent=traffic.sent,
            exits=Counter(code for worker in self._workers for code in worker.exits),
            gap=max(later - earlier for earlier, later in pairwise([begun, *during, ended])),
            drained=drained,
            last_due=auditor.last_due,
            counts=auditor.counts,
            differences=auditor.differences,
        )

    def _say(self, what: str) -> None:
        self._listener(f"{time.monotonic() - self._begun:6.1f} s  {what}")

    def _worker(self, cluster: KafkaCluster, name: str) -> ChaosWorker:
        return ChaosWorker(self.folder, name, TOPOLOGY, cluster.brokers)

    def _guest(self, cluster: KafkaCluster) -> ChaosWorker:
        self._guests += 1
        guest = self._worker(cluster, f"guest-{self._guests}")
        self._workers.append(guest)
        return guest
