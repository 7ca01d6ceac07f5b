"""The simulated world as it stands, and what each of its parts can do next."""

from collections import Counter, deque
from collections.abc import Callable
from random import Random

import msgspec

from pipeline.domain.decide import Engine
from pipeline.runtime.partition import Discontinuity
from pipeline.runtime.ports import SHOPPER_EVENTS, Fenced, OutboxError, StateError
from tests.simulation.broker import SimulatedBroker
from tests.simulation.lane import LaneKey, SimulatedLane
from tests.simulation.scenario import CLICKSTREAM, Scenario, draw_scenario
from tests.simulation.worker import Group, Process, Worker
from tests.support.memory_broker import Crash
from tests.support.topology_driver import CODEC


class TakeOver(msgspec.Struct, frozen=True):
    """When a partition came under the changed plan: since (its time, ms), the first offset that was taken under it, and
    up to which instant (ms) each shopper it knew had been looked at before."""

    since: int
    offset: int
    looked_at: dict[bytes, int]


class World:
    """rough: things fail. depth: how many crash points are on the stack, waiting for the rest of the world.

    changed: workers that start now run under the changed plan. taken_over: by partition of the shopper agent.
    trace: the last things that the scheduler did. happened: how often what went wrong: faults as `KIND POINT`, and what
    came of them.
    """

    def __init__(self, seed: int, draw: Callable[[int], Scenario] = draw_scenario) -> None:
        """draw: what a seed stands for."""
        self.scenario = scenario = draw(seed)
        self.random, self._pace = Random(f"schedule {seed}"), Random(f"pace {seed}")
        self._paces = self._pace.choice([[scenario.timers], [1, 2, scenario.timers, 50]])
        self.broker = SimulatedBroker({CLICKSTREAM: scenario.sources, SHOPPER_EVENTS: scenario.partitions})
        self.broker.arrives = lambda: self.random.random() < 0.5
        self.trace: deque[str] = deque(maxlen=80)
        self.happened: Counter[str] = Counter()
        self.rough = True
        self.depth = 0
        self.agents = {agent.name: agent for agent in scenario.agents(scenario.plan)}
        self.changed = False
        self.taken_over: dict[int, TakeOver] = {}
        self.keys = [LaneKey(one.name, number) for one in self.agents.values() for number in range(one.partitions)]
        self.workers = [Worker(f"w{number}", self.keys) for number in range(scenario.workers)]
        self.process_of: dict[SimulatedLane, Process] = {}
        self._group = Group(self.keys, self._make, self.random)

    def at(self, lane: SimulatedLane, point: str) -> None:
        raise NotImplementedError

    def restored(self, lane: SimulatedLane) -> None:
        """Nobody else can work on the partition any more: this is what the changed plan finds, if it has not been here
        before."""
        plan = self.scenario.changed
        if not self.changed or plan is None or lane.key.agent != "shopper":
            return
        checkpoint = lane.disk.checkpoint()
        if checkpoint.sweep.plan != Engine(plan).digest:
            looked_at = {key: CODEC.decode(value).now for key, value in lane.disk.scan()}
            offset = max(0, checkpoint.next_offset)
            self.taken_over[lane.key.partition] = TakeOver(checkpoint.time, offset, looked_at)

    def final_lane(self, key: LaneKey) -> SimulatedLane:
        return next(process.lanes[key] for process in self.processes() if key in process.lanes)

    def size(self) -> int:
        return self.random.randint(1, self.scenario.sizes)

    def timers(self) -> int:
        """Most of a round, another number each time in half of the worlds."""
        return self._pace.choice(self._paces)

    def say(self, what: str) -> None:
        self.trace.append(f"{self.broker.now} {'  ' * self.depth}{what}")

    def processes(self) -> list[Process]:
        return [worker.process for worker in self.workers if worker.process is not None]

    def idle_lanes(self, agent: str = "") -> list[SimulatedLane]:
        """Those that could do something now."""
        return [
            lane
            for process in self.processes()
            if not process.frozen
            for key, lane in process.lanes.items()
            if key not in process.busy and agent in ("", key.agent)
        ]

    def any(self, fits: Callable[[Process], bool]) -> Process | None:
        fitting = [process for process in self.processes() if fits(process)]
        return self.random.choice(fitting) if fitting else None

    def work(self, lane: SimulatedLane) -> bool:
        """One step of a lane; whether it did anything."""
        if lane.held and self.rough and self.random.random() < 0.9:
            return False
        if not lane.is_open:
            self.say(f"{self.process_of[lane]} opens {lane.key}")
            return self.guard(lane, lane.open)
        if lane.owes:
            return self.guard(lane, lane.try_again)
        if self.random.random() < 0.3 and self.guard(lane, lane.catch_up):
            return True
        if self.random.random() < 0.2 and self.guard(lane, lane.sweep):
            return True
        if lane.queue and self.random.random() < 0.6:
            return self.guard(lane, lane.take)
        if lane.fetch() or self.guard(lane, lane.take) or self.guard(lane, lane.catch_up):
            return True
        return self.guard(lane, lane.sweep)

    def guard(self, lane: SimulatedLane, work: Callable[[], bool | None]) -> bool:
        """As pipeline/kafka/lane.py does with what goes wrong."""
        process = self.process_of[lane]
        process.busy[lane.key] = lane
        try:
            done = work() is not False
        except Crash:
            return True
        except Discontinuity as gap:
            self.happened["discontinuity"] += 1
            self.say(f"{process} {lane.key} refuses a batch: {gap}")
            lane.seek()
            done = True
        except Fenced:
            self.happened["fenced"] += 1
            self.say(f"{process} {lane.key} is fenced")
            lane.close()
            lane.held = done = True
        except (OutboxError, StateError, OSError) as error:
            self.say(f"{process} {lane.key} failed: {type(error).__name__}")
            lane.owes = lane.is_open and self.random.random() < 0.5
            if not lane.owes:
                lane.close()
            done = True
        if process.busy.get(lane.key) is lane:
            del process.busy[lane.key]
        if lane.stopped:
            lane.close()
        return done

    def tell(self, lane: SimulatedLane) -> bool:
        """In a live shop time passes; of a history it is only known that it has ended."""
        standing = lane.standing
        if standing is None or not (self.scenario.live or standing.time == self.scenario.end):
            return False
        return self.guard(lane, lambda: lane.tell(standing.time))

    def rebalance(self) -> None:
        self.happened["rebalance"] += 1
        self.say(f"rebalance: {self._group.rebalance(self.processes())}")

    def kill(self, process: Process) -> None:
        if not process.dead:
            process.dead = True
            self.happened["kill"] += 1
            process.worker.process = None
            self.say(f"{process} is dead, {process.worker.after_crash(self.random)}")

    def _make(self, process: Process, key: LaneKey) -> SimulatedLane:
        lane = SimulatedLane(self, self.agents[key.agent], key, process.worker.disks[key])
        self.process_of[lane] = process
        return lane
