"""The whole engine in one thread under a seeded scheduler: workers, brokers and time are simulated, and fail.

A crash point may run the rest of the world before it returns: that is what a paused process, or a batch that takes
longer than the rebalance around it, looks like from the inside.
"""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

from pipeline.runtime.partition import Discontinuity
from pipeline.runtime.ports import SHOPPER_EVENTS, Fenced, OutboxError, StateError, Uncertain
from tests.simulation.broker import Fate, SimulatedBroker
from tests.simulation.lane import LaneKey, SimulatedLane
from tests.simulation.scenario import CLICKSTREAM, draw_scenario
from tests.simulation.worker import Group, Process, Worker
from tests.support.memory_broker import Crash

DEPTH = 3
STEPS = 350
REFUSABLE = ("begin", "produce", "inside produce", "commit", "inside commit", "abort", "inside restore")
WEIGHTS = {"inside produce": 0.1, "inside decode": 0.1, "inside fold": 0.1, "between rounds": 15.0}
"""How likely a fault is at a point, beside others; some are passed for each record."""


class Stuck(Exception):
    """The world does not come to rest although nothing fails any more."""


class Simulation:
    """One seed, from the first line to rest. trace: the last things that the scheduler did. happened: how often what
    went wrong: faults as `KIND POINT`, and what came of them."""

    def __init__(self, seed: int) -> None:
        self.scenario = scenario = draw_scenario(seed)
        self.random = Random(f"schedule {seed}")
        self.broker = SimulatedBroker({CLICKSTREAM: scenario.sources, SHOPPER_EVENTS: scenario.partitions})
        self.broker.arrives = lambda: self.random.random() < 0.5
        self.trace: deque[str] = deque(maxlen=80)
        self.happened: Counter[str] = Counter()
        self._rough = True
        self._depth = 0
        self._told = 0
        self._sent = 0
        self._lanes: dict[SimulatedLane, Process] = {}
        self.agents = {agent.name: agent for agent in scenario.agents()}
        keys = [LaneKey(agent.name, number) for agent in self.agents.values() for number in range(agent.partitions)]
        self.keys = keys
        self.workers = [Worker(f"w{number}", keys) for number in range(scenario.workers)]
        self._group = Group(keys, self._make, self.random)
        rate = scenario.trouble
        self._events: list[tuple[float, Callable[[], None]]] = [
            (14, self._work_somewhere),
            (3, self._send),
            (1, self._tell_time),
            (0.1 + 8 * rate, self._rebalance),
            (0.3, self._start),
            (8 * rate, self._evict),
            (0.4, self._rejoin),
            (4 * rate, self._leave),
            (8 * rate, self._kill_somewhere),
            (20 * rate, self._misdeliver),
            (0.3, self._back_up),
            (0.2, self._compact),
            (0.3, self._settle),
        ]
        self._doings = [doing for _, doing in self._events]
        self._weights = [weight for weight, _ in self._events]

    def run(self) -> None:
        """Raises Stuck, and whatever the engine should not raise."""
        for worker in self.workers:
            worker.process = Process(worker)
        self._rebalance()
        while self._sent < len(self.scenario.lines):
            self._act()
        for _ in range(STEPS):
            self._act()
        self.broker.now = self.scenario.end
        self._say("the end of the history")
        for _ in range(int(STEPS * self.random.random() ** 3)):
            self._act()
        self._settle_down()

    def final_lane(self, key: LaneKey) -> SimulatedLane:
        return next(process.lanes[key] for process in self._processes() if key in process.lanes)

    def size(self) -> int:
        return self.random.randint(1, self.scenario.sizes)

    # What happens at a crash point

    def at(self, lane: SimulatedLane, point: str) -> None:
        """Most often nothing. Called from within the engine."""
        if not self._rough:
            return
        chance = self.scenario.trouble * WEIGHTS.get(point, 1.0)
        if self.random.random() >= chance:
            return
        process = self._lanes[lane]
        fault = self.random.choice(["crash", "crash", "pause", "slow", "refuse", "refuse"])
        if fault == "refuse":
            self._refuse(lane, point)
            return
        self.happened[f"{fault} {point}"] += 1
        self._say(f"{fault} of {process} {lane.key} {point}")
        if fault == "crash":
            self._kill(process)
            raise Crash
        if self._depth < DEPTH:
            process.frozen = process.frozen or fault == "pause"
            self._depth += 1
            for _ in range(self.random.randint(1, 60)):
                self._act()
            self._depth -= 1
            process.frozen = False
            self._say(f"{process} {lane.key} goes on {point}{', dead' if process.dead else ''}")
        if process.dead:
            raise Crash

    def _refuse(self, lane: SimulatedLane, point: str) -> None:
        if point == "before store":
            self.happened["disk full"] += 1
            self._say(f"disk full {lane.key}")
            lane.state.broken = True
        elif point in REFUSABLE:
            uncertain = point == "inside commit" and self.random.random() < 0.6
            self.happened["no answer" if uncertain else f"refuse {point}"] += 1
            self._say(f"broker {'does not answer' if uncertain else 'refuses'} {lane.key} {point}")
            if uncertain:
                raise Uncertain("no answer")
            raise OutboxError("refused")

    # What the scheduler does

    def _act(self) -> None:
        self.random.choices(self._doings, self._weights)[0]()

    def _say(self, what: str) -> None:
        self.trace.append(f"{self.broker.now} {'  ' * self._depth}{what}")

    def _make(self, process: Process, key: LaneKey) -> SimulatedLane:
        lane = SimulatedLane(self, self.agents[key.agent], key, process.worker.disks[key])
        self._lanes[lane] = process
        return lane

    def _processes(self) -> list[Process]:
        return [worker.process for worker in self.workers if worker.process is not None]

    def _idle_lanes(self, agent: str = "") -> list[SimulatedLane]:
        """Those that could do something now."""
        return [
            lane
            for process in self._processes()
            if not process.frozen
            for key, lane in process.lanes.items()
            if key not in process.busy and agent in ("", key.agent)
        ]

    def _work_somewhere(self) -> None:
        lanes = self._idle_lanes()
        if lanes:
            self._work(self.random.choice(lanes))

    def _work(self, lane: SimulatedLane) -> bool:
        """One step of a lane; whether it did anything."""
        if lane.held and self._rough and self.random.random() < 0.9:
            return False
        if not lane.is_open:
            self._say(f"{self._lanes[lane]} opens {lane.key}")
            return self._guard(lane, lane.open)
        if lane.owes:
            return self._guard(lane, lane.try_again)
        if lane.queue and self.random.random() < 0.6:
            return self._guard(lane, lane.take)
        return lane.fetch() or self._guard(lane, lane.take)

    def _guard(self, lane: SimulatedLane, work: Callable[[], bool | None]) -> bool:
        """As pipeline/kafka/lane.py does with what goes wrong."""
        process = self._lanes[lane]
        process.busy[lane.key] = lane
        try:
            done = work() is not False
        except Crash:
            return True
        except Discontinuity as gap:
            self.happened["discontinuity"] += 1
            self._say(f"{process} {lane.key} refuses a batch: {gap}")
            lane.seek()
            done = True
        except Fenced:
            self.happened["fenced"] += 1
            self._say(f"{process} {lane.key} is fenced")
            lane.close()
            lane.held = done = True
        except (OutboxError, StateError, OSError) as error:
            self._say(f"{process} {lane.key} failed: {type(error).__name__}")
            lane.owes = lane.is_open and self.random.random() < 0.5
            if not lane.owes:
                lane.close()
            done = True
        if process.busy.get(lane.key) is lane:
            del process.busy[lane.key]
        if lane.stopped:
            lane.close()
        return done

    def _send(self) -> None:
        """The next lines arrive; now and then a producer sends one again."""
        lines = self.scenario.lines
        for received, line in lines[self._sent : self._sent + self.random.randint(1, 6)]:
            self.broker.now = max(self.broker.now, received)
            key = line.split(b'"userId": "')[-1].split(b'"')[0] if line.endswith(b"}") else b"damaged"
            for _ in range(2 if self.random.random() < 0.03 else 1):
                self.broker.append(CLICKSTREAM, key, line)
            self._sent += 1

    def _tell_time(self) -> None:
        lanes = self._idle_lanes("intake")
        if lanes:
            self._tell(self.random.choice(lanes))

    def _tell(self, lane: SimulatedLane) -> bool:
        """In a live shop time passes; of a history it is only known that it has ended."""
        standing = lane.standing
        if standing is None or not (self.scenario.live or standing.time == self.scenario.end):
            return False
        return self._guard(lane, lambda: lane.tell(standing.time))

    def _rebalance(self) -> None:
        self.happened["rebalance"] += 1
        self._say(f"rebalance: {self._group.rebalance(self._processes())}")

    def _start(self) -> None:
        for worker in self.workers:
            if worker.process is None:
                worker.process = Process(worker)
                self._say(f"{worker.name} starts")
                self._rebalance()
                return

    def _evict(self) -> None:
        """The group believes one to be gone, and it does not know."""
        process = self._any(lambda process: process.member)
        if process is not None and len(self._processes()) > 1:
            process.member = False
            self.happened["zombie"] += 1
            self._say(f"{process} is taken for dead")
            self._rebalance()

    def _rejoin(self) -> None:
        process = self._any(lambda process: not process.member and not process.frozen)
        if process is not None:
            process.member = True
            self._say(f"{process} comes back")
            self._rebalance()

    def _leave(self) -> None:
        process = self._any(lambda process: not process.busy and not process.frozen)
        if process is not None:
            self._say(f"{process} leaves")
            process.leave()
            process.worker.process = None
            self._rebalance()

    def _any(self, fits: Callable[[Process], bool]) -> Process | None:
        fitting = [process for process in self._processes() if fits(process)]
        return self.random.choice(fitting) if fitting else None

    def _kill_somewhere(self) -> None:
        process = self._any(lambda process: True)
        if process is not None:
            self._say(f"kill {process}")
            self._kill(process)

    def _kill(self, process: Process) -> None:
        if not process.dead:
            process.dead = True
            self.happened["kill"] += 1
            process.worker.process = None
            self._say(f"{process} is dead, {process.worker.after_crash(self.random)}")

    def _misdeliver(self) -> None:
        """A fetched batch is lost on its way, or comes twice."""
        lane = self.random.choice(self._idle_lanes() or [None])
        if lane is not None and lane.queue and self.random.random() < 0.5:
            self.happened["batch lost"] += 1
            self._say(f"a batch of {lane.key} is lost")
            lane.queue.popleft()
        elif lane is not None and lane.last is not None:
            self.happened["batch twice"] += 1
            self._say(f"a batch of {lane.key} comes twice")
            lane.queue.appendleft(lane.last)

    def _back_up(self) -> None:
        worker = self.random.choice(self.workers)
        worker.back_up(self.random.choice(self.keys))

    def _compact(self) -> None:
        key = self.random.choice(self.keys)
        self.broker.compact(self.agents[key.agent].changelog, key.partition)

    def _settle(self) -> None:
        """A commit whose client has given up gets there."""
        for transaction in self.broker.undecided():
            self.happened["late commit"] += 1
            self._say("a commit arrives late")
            self.broker.end(transaction, Fate.COMMITTED)

    def _settle_down(self) -> None:
        """Nothing fails any more; everything is to be finished."""
        self._rough = False
        self._say("nothing fails any more")
        for _ in range(2_000):
            if any(worker.process is None or not worker.process.member for worker in self.workers):
                for worker in self.workers:
                    worker.process = worker.process or Process(worker)
                    worker.process.member = True
                self._rebalance()
            lanes = self._idle_lanes()
            worked = [self._work(lane) for lane in lanes]
            told = [self._tell(lane) for lane in lanes if lane.key.agent == "intake" and not self._finished(lane)]
            if not any(worked + told) and not self._watchdog():
                return
        raise Stuck

    def _watchdog(self) -> bool:
        """It ends a process that rests although records wait: the last batch of a partition was lost on its way, and
        none follows by which that could be noticed."""
        for lane in self._idle_lanes():
            if lane.processor is not None and lane.processor.next_offset <= lane.position:
                self._say(f"{lane.key} is stuck")
                self.happened["stuck"] += 1
                self._kill(self._lanes[lane])
                return True
        return False

    def _finished(self, lane: SimulatedLane) -> bool:
        assert lane.processor is not None
        return lane.processor.checkpoint.sources.get(lane.key.partition, 0) >= self.scenario.end
