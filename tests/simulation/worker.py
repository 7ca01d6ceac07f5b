"""A simulated worker: a machine with disks, the process that runs on it now, and the group that they are members of."""

from collections.abc import Callable
from copy import deepcopy
from random import Random

from pipeline.state.memory import MemoryPartition
from tests.simulation.lane import LaneKey, SimulatedLane


class Process:
    """lanes: what it believes it owns. busy: partitions at work, whose frames are on the stack. member: of the group;
    one that is not, and does not know it, is a zombie. frozen: SIGSTOP."""

    def __init__(self, worker: "Worker") -> None:
        self.worker = worker
        self.lanes: dict[LaneKey, SimulatedLane] = {}
        self.busy: dict[LaneKey, SimulatedLane] = {}
        self.generation = -1
        self.member = True
        self.frozen = False
        self.dead = False

    def __str__(self) -> str:
        return self.worker.name

    def assign(self, keys: list[LaneKey], generation: int, make: Callable[["Process", LaneKey], SimulatedLane]) -> None:
        """A rebalance is over. What comes back stays open, unless somebody may have owned it in between
        (pipeline/kafka/ownership.py)."""
        consecutive = generation == self.generation + 1
        self.generation = generation
        for key, lane in list(self.lanes.items()):
            if key not in keys or not consecutive or not lane.is_open:
                del self.lanes[key]
                self._let_go(lane)
            else:
                lane.revoked()
        for key in keys:
            if key not in self.lanes:
                self.lanes[key] = make(self, key)

    def leave(self) -> None:
        """In good order."""
        self.member = False
        for lane in self.lanes.values():
            self._let_go(lane)
        self.lanes = {}

    def _let_go(self, lane: SimulatedLane) -> None:
        """One at work finishes what it does, and closes then."""
        if self.busy.get(lane.key) is lane:
            lane.stopped = True
        else:
            lane.close()


class Worker:
    """disks: the state of each partition that was ever here. copies: older ones, as a machine that lost power has."""

    def __init__(self, name: str, keys: list[LaneKey]) -> None:
        self.name = name
        self.keys = keys
        self.disks: dict[LaneKey, MemoryPartition] = {key: MemoryPartition() for key in keys}
        self.copies: dict[LaneKey, MemoryPartition] = {}
        self.process: Process | None = None

    def back_up(self, key: LaneKey) -> None:
        self.copies[key] = copy_of(self.disks[key])

    def after_crash(self, random: Random) -> str:
        """What the crash leaves on the disks."""
        fate = random.choice(["disk kept", "disk kept", "disk lost", "disk stale"])
        for key in self.keys:
            if fate == "disk lost":
                self.disks[key] = MemoryPartition()
            elif fate == "disk stale" and key in self.copies:
                self.disks[key] = copy_of(self.copies[key])
        return fate


def copy_of(disk: MemoryPartition) -> MemoryPartition:
    """All of it, graves too, which scans pass over."""
    return deepcopy(disk)


class Group:
    """Who owns what. Assignment is eager: each rebalance deals all partitions anew among the members."""

    def __init__(self, keys: list[LaneKey], make: Callable[[Process, LaneKey], SimulatedLane], random: Random) -> None:
        self._keys = keys
        self._make = make
        self._random = random
        self.generation = 0

    def rebalance(self, processes: list[Process]) -> str:
        """Members that are frozen don't answer, and are out."""
        for process in processes:
            process.member = process.member and not process.frozen
        members = [process for process in processes if process.member]
        self.generation += 1
        if not members:
            return "nobody"
        dealt: dict[Process, list[LaneKey]] = {process: [] for process in members}
        for key in self._keys:
            dealt[self._random.choice(members)].append(key)
        for process, keys in dealt.items():
            process.assign(keys, self.generation, self._make)
        return "; ".join(f"{process}: {', '.join(map(str, keys))}" for process, keys in dealt.items())
