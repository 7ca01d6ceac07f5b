"""What goes wrong at the crash points of a lane."""

from collections.abc import Callable

from pipeline.runtime.ports import OutboxError, Uncertain
from tests.simulation.lane import SimulatedLane
from tests.simulation.world import World
from tests.support.memory_broker import Crash

DEPTH = 3
REFUSABLE = ("begin", "produce", "inside produce", "commit", "inside commit", "abort", "inside restore")
WEIGHTS = {"inside produce": 0.1, "inside decode": 0.1, "inside fold": 0.1, "between rounds": 15.0}
"""How likely a fault is at a point, beside others; some are passed for each record."""


class Faults:
    """Crashes, pauses, refusals of the broker and of the disk. act: lets the rest of the world do something.

    A pause runs the rest of the world before it returns: a paused process, or a batch that takes longer than the
    rebalance around it, looks like that from the inside.
    """

    def __init__(self, world: World, act: Callable[[], None]) -> None:
        self._world = world
        self._act = act

    def at(self, lane: SimulatedLane, point: str) -> None:
        """Most often nothing. Called from within the engine."""
        world = self._world
        if not world.rough:
            return
        chance = world.scenario.trouble * WEIGHTS.get(point, 1.0)
        if world.random.random() >= chance:
            return
        process = world.process_of[lane]
        fault = world.random.choice(["crash", "crash", "pause", "slow", "refuse", "refuse"])
        if fault == "refuse":
            self._refuse(lane, point)
            return
        world.happened[f"{fault} {point}"] += 1
        if lane.sweeping:
            world.happened[f"{fault} within a sweep"] += 1
        world.say(f"{fault} of {process} {lane.key} {point}")
        if fault == "crash":
            world.kill(process)
            raise Crash
        if world.depth < DEPTH:
            process.frozen = process.frozen or fault == "pause"
            world.depth += 1
            for _ in range(world.random.randint(1, 60)):
                self._act()
            world.depth -= 1
            process.frozen = False
            world.say(f"{process} {lane.key} goes on {point}{', dead' if process.dead else ''}")
        if process.dead:
            raise Crash

    def _refuse(self, lane: SimulatedLane, point: str) -> None:
        world = self._world
        if point == "before store":
            world.happened["disk full"] += 1
            world.say(f"disk full {lane.key}")
            lane.state.broken = True
        elif point in REFUSABLE:
            uncertain = point == "inside commit" and world.random.random() < 0.6
            world.happened["no answer" if uncertain else f"refuse {point}"] += 1
            world.say(f"broker {'does not answer' if uncertain else 'refuses'} {lane.key} {point}")
            if uncertain:
                raise Uncertain("no answer")
            raise OutboxError("refused")
