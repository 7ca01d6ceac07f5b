"""What goes wrong in a chaos run, and when: drawn from a seed, told with its time."""

import time
from collections import Counter
from collections.abc import Callable
from random import Random

from tests.chaos.worker import SESSION, ChaosWorker
from tests.support.kafka_cluster import KafkaCluster

KILL_WORKER = "kill -9 of a worker"
KILL_AGENT = "kill -9 of one agent"
WIPE = "kill -9 of a worker, and its disk wiped"
KILL_BROKER = "kill -9 of a Kafka node"
ZOMBIE = "worker paused for longer than its session"
PAUSE = "worker paused for a moment"
RESTART = "worker restarted in order"
JOIN = "fourth worker joins, and leaves later"

NODE_ENDED = "Kafka node that ended by itself"

KILLS = (KILL_WORKER, KILL_AGENT, WIPE, KILL_BROKER)

# Dealt out like cards, so that a short run has some of everything too.
_DECK = {KILL_WORKER: 4, KILL_AGENT: 4, WIPE: 2, KILL_BROKER: 2, ZOMBIE: 2, PAUSE: 1, RESTART: 1, JOIN: 1}

_GAP = (2.5, 6.0)
_ROUND, _TROUBLE = 60.0, 50.0
_KILLS_A_MINUTE = 4.0


class Faults:
    """One at a time, for 50 s of each minute; then the system may breathe, and drain. After a fault the next one waits
    until something is decided again, so that it hits a system at work; but not so long that kills become rare.

    happened: how often what. decided: number of decisions so far. say: told of each fault. add: makes a further worker.
    """

    def __init__(
        self,
        seed: int,
        cluster: KafkaCluster,
        workers: list[ChaosWorker],
        add: Callable[[], ChaosWorker],
        decided: Callable[[], int],
        say: Callable[[str], None],
    ) -> None:
        self.happened: Counter[str] = Counter()
        self._random = Random(f"faults {seed}")
        self._cluster = cluster
        self._workers = workers
        self._add = add
        self._say = say
        self._decided = decided
        self._decided_before = 0
        self._cards: list[str] = []
        self._begun = time.monotonic()
        self._next = self._begun + 3
        self._later: list[tuple[float, Callable[[], None]]] = []
        self._guest: ChaosWorker | None = None
        self._node_busy = False

    @property
    def kills(self) -> int:
        return sum(self.happened[kind] for kind in KILLS)

    def step(self) -> None:
        """What is due by now."""
        self._settle(time.monotonic())
        now = time.monotonic()
        passed = now - self._begun
        if now < self._next or passed % _ROUND > _TROUBLE:
            return
        if self._decided() == self._decided_before and self.kills >= passed / 60 * _KILLS_A_MINUTE:
            return
        self._decided_before = self._decided()
        self._next = now + self._random.uniform(*_GAP)
        if not self._cards:
            self._cards = [kind for kind, times in _DECK.items() for _ in range(times)]
            self._random.shuffle(self._cards)
        for place, kind in enumerate(self._cards):
            if self._do(kind):
                del self._cards[place]
                self.happened[kind] += 1
                return

    def look_at_nodes(self) -> None:
        """A node that ended by itself starts again."""
        for node in self._cluster.nodes:
            if not node.running and not self._node_busy:
                node.start()
                self.happened[NODE_ENDED] += 1
                self._say(f"{NODE_ENDED}: node {node.number}")

    def heal(self) -> None:
        """Everything runs again, and stays so; three workers are left."""
        self._settle(float("inf"))
        for worker in self._workers:
            worker.thaw()
            worker.kept_down = 0.0

    def _settle(self, until: float) -> None:
        due = [one for one in self._later if one[0] <= until]
        self._later = [one for one in self._later if one[0] > until]
        for _, act in due:
            act()

    def _after(self, seconds: float, act: Callable[[], None]) -> None:
        self._later.append((time.monotonic() + seconds, act))

    def _do(self, kind: str) -> bool:
        """Whether it could be done just now."""
        if kind == KILL_BROKER:
            return self._kill_broker()
        if kind == JOIN:
            return self._join()
        healthy = [worker for worker in self._workers if worker.healthy and worker is not self._guest]
        if not healthy:
            return False
        return self._hurt(kind, self._random.choice(healthy))

    def _hurt(self, kind: str, worker: ChaosWorker) -> bool:
        if kind == KILL_AGENT:
            if not worker.kill_agent(self._random.randrange(2)):
                return False
            self._say(f"{kind}: {worker.name}")
            return True
        if kind in (KILL_WORKER, WIPE):
            down = self._random.choice([0.0, 2.0, 9.0])
            worker.kill()
            worker.kept_down = time.monotonic() + down
            if kind == WIPE:
                worker.wipe()
            self._say(f"{kind}: {worker.name}, down for {down:.0f} s")
        elif kind in (ZOMBIE, PAUSE):
            pause = self._random.uniform(1, 3) + (SESSION if kind == ZOMBIE else 0)
            worker.freeze()
            self._after(pause, worker.thaw)
            self._say(f"{kind}: {worker.name}, {pause:.1f} s")
        elif kind == RESTART:
            worker.ask_to_stop()
            self._say(f"{kind}: {worker.name}")
        return True

    def _kill_broker(self) -> bool:
        """The next one only when all replicas of the last are in step again: two dead of three stop every writer."""
        if self._node_busy or not all(node.running for node in self._cluster.nodes) or self._cluster.out_of_step() != 0:
            return False
        node = self._random.choice(self._cluster.nodes)
        down = self._random.uniform(3, 12)
        self._node_busy = True
        node.kill()
        self._say(f"{KILL_BROKER}: node {node.number}, down for {down:.0f} s")

        def back() -> None:
            node.start()
            self._node_busy = False
            self._say(f"node {node.number} starts")

        self._after(down, back)
        return True

    def _join(self) -> bool:
        if self._guest is not None:
            return False
        self._guest = guest = self._add()
        stay = self._random.uniform(12, 25)
        self._say(f"{JOIN}: {guest.name}, for {stay:.0f} s")

        def leave() -> None:
            guest.wanted = False
            guest.ask_to_stop()
            self._guest = None
            self._say(f"{guest.name} leaves")

        self._after(stay, leave)
        return True
