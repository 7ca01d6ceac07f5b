"""The whole engine in one thread under a seeded scheduler: workers, brokers and time are simulated, and fail."""

from collections.abc import Callable

from tests.simulation.broker import Fate
from tests.simulation.faults import Faults
from tests.simulation.lane import SimulatedLane
from tests.simulation.scenario import CLICKSTREAM, Scenario, draw_scenario
from tests.simulation.worker import Process
from tests.simulation.world import World

STEPS = 350


class Stuck(Exception):
    """The world does not come to rest although nothing fails any more."""


class Simulation(World):
    """One seed, from the first line to rest."""

    def __init__(self, seed: int, draw: Callable[[int], Scenario] = draw_scenario) -> None:
        super().__init__(seed, draw)
        self._sent = 0
        self._faults = Faults(self, self._act)
        rate = self.scenario.trouble
        self._events: list[tuple[float, Callable[[], None]]] = [
            (14, self._work_somewhere),
            (3, self._send),
            (1, self._tell_time),
            (0.1 + 8 * rate, self.rebalance),
            (0.3, self._start),
            (8 * rate, self._evict),
            (0.4, self._rejoin),
            (4 * rate, self._leave),
            (8 * rate, self._kill_somewhere),
            (20 * rate, self._misdeliver),
            (0.3, self._back_up),
            (0.2, self._compact),
            (0.3, self._settle),
            (0.3, self._change),
        ]
        self._doings = [doing for _, doing in self._events]
        self._weights = [weight for weight, _ in self._events]

    def run(self) -> None:
        """Raises Stuck, and whatever the engine should not raise."""
        for worker in self.workers:
            worker.process = Process(worker)
        self.rebalance()
        while self._sent < len(self.scenario.lines):
            self._act()
        for _ in range(STEPS):
            self._act()
        self._change()
        self.broker.now = self.scenario.end
        self.say("the end of the history")
        for _ in range(int(STEPS * self.random.random() ** 3)):
            self._act()
        self._settle_down()

    def at(self, lane: SimulatedLane, point: str) -> None:
        self._faults.at(lane, point)

    def _act(self) -> None:
        self.random.choices(self._doings, self._weights)[0]()

    def _work_somewhere(self) -> None:
        lanes = self.idle_lanes()
        if lanes:
            self.work(self.random.choice(lanes))

    def _send(self) -> None:
        """The next lines arrive; now and then a producer sends one again."""
        lines = self.scenario.lines
        for received, line in lines[self._sent : self._sent + self.random.randint(1, 6)]:
            self.broker.now = max(self.broker.now, received)
            key = self.scenario.key_of(line)
            for _ in range(2 if self.random.random() < 0.03 else 1):
                self.broker.append(CLICKSTREAM, key, line)
            self._sent += 1

    def _tell_time(self) -> None:
        lanes = self.idle_lanes("intake")
        if lanes:
            self.tell(self.random.choice(lanes))

    def _start(self) -> None:
        for worker in self.workers:
            if worker.process is None:
                worker.process = Process(worker)
                self.say(f"{worker.name} starts")
                self.rebalance()
                return

    def _evict(self) -> None:
        """The group believes one to be gone, and it does not know."""
        process = self.any(lambda process: process.member)
        if process is not None and len(self.processes()) > 1:
            process.member = False
            self.happened["zombie"] += 1
            self.say(f"{process} is taken for dead")
            self.rebalance()

    def _rejoin(self) -> None:
        process = self.any(lambda process: not process.member and not process.frozen)
        if process is not None:
            process.member = True
            self.say(f"{process} comes back")
            self.rebalance()

    def _leave(self) -> None:
        process = self.any(lambda process: not process.busy and not process.frozen)
        if process is not None:
            self.say(f"{process} leaves")
            process.leave()
            process.worker.process = None
            self.rebalance()

    def _kill_somewhere(self) -> None:
        process = self.any(lambda process: True)
        if process is not None:
            self.say(f"kill {process}")
            self.kill(process)

    def _misdeliver(self) -> None:
        """A fetched batch is lost on its way, or comes twice."""
        lane = self.random.choice(self.idle_lanes() or [None])
        if lane is not None and lane.queue and self.random.random() < 0.5:
            self.happened["batch lost"] += 1
            self.say(f"a batch of {lane.key} is lost")
            lane.queue.popleft()
        elif lane is not None and lane.last is not None:
            self.happened["batch twice"] += 1
            self.say(f"a batch of {lane.key} comes twice")
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
            self.say("a commit arrives late")
            self.broker.end(transaction, Fate.COMMITTED)

    def _change(self) -> None:
        """The topology changes: every process ends, in good order or not; those that start next have the new one."""
        scenario = self.scenario
        if self.changed or scenario.changed is None or self._sent < scenario.changes_at:
            return
        self.say("the topology changes")
        self.changed = True
        self.happened["change"] += 1
        for process in self.processes():
            if process.busy or process.frozen or self.random.random() < 0.3:
                self.kill(process)
            else:
                process.leave()
                process.worker.process = None
        self.agents = {agent.name: agent for agent in scenario.agents(scenario.changed)}

    def _settle_down(self) -> None:
        """Nothing fails any more; everything is to be finished."""
        self.rough = False
        self.say("nothing fails any more")
        for _ in range(2_000):
            if any(worker.process is None or not worker.process.member for worker in self.workers):
                for worker in self.workers:
                    worker.process = worker.process or Process(worker)
                    worker.process.member = True
                self.rebalance()
            lanes = self.idle_lanes()
            worked = [self.work(lane) for lane in lanes]
            told = [self.tell(lane) for lane in lanes if self._unfinished(lane)]
            if not any(worked + told) and not self._watchdog():
                return
        raise Stuck

    def _watchdog(self) -> bool:
        """It ends a process that rests although records wait: the last batch of a partition was lost on its way, and
        none follows by which that could be noticed."""
        for lane in self.idle_lanes():
            if lane.processor is not None and lane.processor.next_offset <= lane.position:
                self.say(f"{lane.key} is stuck")
                self.happened["stuck"] += 1
                self.kill(self.process_of[lane])
                return True
        return False

    def _unfinished(self, lane: SimulatedLane) -> bool:
        """An intake lane that has yet to say that the history has ended."""
        processor = lane.processor
        if processor is None or lane.key.agent != "intake":
            return False
        return processor.checkpoint.sources.get(lane.key.partition, 0) < self.scenario.end
