"""A partition in virtual time: clocks move on by the CPU time that its work takes, so a busy machine makes nobody late.

Real: the intake folds of four source partitions and what they tell of time, the shopper partition's processor, RocksDB.
Modelled: a fetch or a commit takes as long as the constants say; intake has a core of its own; one source partition has
all the traffic and three have none, so that time is told by ticks with their margin, as late as it may be.
"""

import heapq
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from pathlib import Path

import msgspec

from benchmarks.growth.partition import ShopperPartition, canonical, topology
from pipeline.config.topology import Topology
from pipeline.domain.decision import KIND_TIMER, Decision
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.kafka.pace import Pace
from pipeline.runtime.intake_fold import IntakeFold, IntakeSettings
from pipeline.runtime.partition import Taken
from pipeline.runtime.ports import Batch, Checkpoint, Record

SOURCES = 4
Arrival = tuple[float, int, bytes, bytes, int]
"""When it is visible (ms), number, key, value, when the event was sent (ms; 0 = none)."""

COMMIT_MS = 8.0
"""What a transaction takes besides CPU."""
FETCH_MS = 50
"""How often intake takes what has come."""
BATCH = 10_000


class VirtualRun:
    """rate: live events a second, from `now` (ms) on, of 20,000 shoppers. `lateness`: (effective at, when its decision
    was visible) of each timer; `waits`: (sent, decided and visible) of each live event; all in ms."""

    def __init__(self, folder: Path, now: int, rate: int, shop: Topology | None = None) -> None:
        """shop: of SOURCES partitions; None: the reference."""
        self._shop = shop or topology(SOURCES, "")
        self._folder = folder
        self._timers: list[int] = []
        self.partition = ShopperPartition(folder, self._shop, self._told)
        self.now = float(now)
        self._pace = Pace()
        self._rate = rate
        self._numbers = count()
        self._events = [
            msgspec.json.decode(value, type=Event)
            for _, value in canonical(20_000, lambda number: f"u{number * 7919 % 20_000}")
        ]
        timing = self._shop.time
        self._tick, self._margin = timing.tick or 0, timing.margin
        settings = IntakeSettings(partitions=SOURCES, progress_every=max(1, self._tick // 5))
        self._intakes = [IntakeFold(Intake(self._shop.plan()), settings) for _ in range(SOURCES)]
        self._checkpoints = [Checkpoint(time=now, sources={source: now}) for source in range(SOURCES)]
        self._log: list[Arrival] = []
        self._told_until = now
        self.lateness: list[tuple[int, float]] = []
        self.waits: list[tuple[int, float]] = []

    def run(self, until: int) -> None:
        """Let it work, and the shop go on, until then (ms); as a lane does: what came goes before what is behind."""
        self._send(until)
        while True:
            processor, waits = self.partition.processor, bool(self._log) and self._log[0][0] <= until
            if waits and (not processor.behind or self._log[0][0] <= self.now):
                self.now = max(self.now, self._log[0][0])
                came: list[Arrival] = []
                while self._log and len(came) < BATCH and self._log[0][0] <= self.now:
                    came.append(heapq.heappop(self._log))
                self._take(came)
            elif processor.behind and (waits or self.now <= until):
                self._pass(processor.catch_up)
            else:
                return

    def stand_still(self, until: int, *, waiting: bool = False) -> None:
        """Nothing works until then, with a restart of the partition; waiting: the shop goes on all the while."""
        self.partition.close()
        if waiting:
            events = list(self._drawn(self._told_until, until))
            for start in range(0, len(events), BATCH):
                self._forward(events[start : start + BATCH], until)
        self.now, self._told_until = float(until), until
        self.partition = ShopperPartition(self._folder, self._shop, self._told)

    def _take(self, came: Sequence[Arrival]) -> None:
        batch = self.partition.batch([(key, value) for _, _, key, value, _ in came])
        first, done, finished = batch.records[0].offset, 0, False
        while not finished:
            finished = self._pass(lambda: self.partition.processor.process(batch)).finished
            reached = self.partition.processor.next_offset - first
            self.waits += [(sent, self.now) for *_, sent in came[done:reached] if sent]
            done = reached

    def _pass(self, work: Callable[[], Taken]) -> Taken:
        """Time, while one round is at work."""
        begun = time.process_time()
        taken = self._pace.round(self.partition.processor, work)
        self.now += (time.process_time() - begun) * 1000 + COMMIT_MS
        self.lateness += [(at, self.now) for at in self._timers]
        self._timers.clear()
        return taken

    def _told(self, decision: Decision) -> None:
        if decision.cause_kind == KIND_TIMER:
            self._timers.append(decision.effective_at)

    def _send(self, until: int) -> None:
        """What intake forwards until then."""
        start = self._told_until
        for at in range(start + FETCH_MS, until + 1, FETCH_MS):
            if events := list(self._drawn(at - FETCH_MS, at)):
                self._forward(events, at)
            if at % self._tick < FETCH_MS:
                for source in range(1, SOURCES):
                    effects = self._intakes[source].idle(source, self._checkpoints[source], at - self._margin)
                    if effects is not None:
                        self._checkpoints[source] = effects.checkpoint
                        self._append([(one.key or b"", one.value or b"") for one in effects.outputs[:1]], [], at)
        self._told_until = until

    def _drawn(self, begin: int, end: int) -> Iterator[Event]:
        """Events sent from `begin` to before `end`."""
        for at in range(begin * self._rate // 1000, end * self._rate // 1000):
            sent, number = at * 1000 // self._rate, next(self._numbers)
            drawn = self._events[number % len(self._events)]
            yield msgspec.structs.replace(drawn, time=sent, received=sent, message_id=f"m{number}")

    def _forward(self, events: Sequence[Event], at: int) -> None:
        """A batch of intake's with traffic, committed shortly after `at` (ms)."""
        batch = Batch("clickstream", 0, 0, [Record(number, 0, b"", b"") for number in range(len(events))])
        effects = self._intakes[0].fold(batch, [[event] for event in events], 0, self._checkpoints[0])
        self._checkpoints[0] = effects.checkpoint
        outputs = [one for one in effects.outputs if one.partition in (None, 0)]
        self._append([(one.key or b"", one.value or b"") for one in outputs], events, at)

    def _append(self, values: Sequence[tuple[bytes, bytes]], events: Sequence[Event], at: int) -> None:
        for number, (key, value) in enumerate(values):
            sent = events[number].received if number < len(events) else 0
            heapq.heappush(self._log, (at + COMMIT_MS, next(self._numbers), key, value, sent))
