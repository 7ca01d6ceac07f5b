"""Each defence is there for a reason: without it the simulation differs from the oracle, within a few seeds.

Where a defence is the broker's or a consumer's doing (fencing, isolation), it is the simulated one that is taken away;
tests/broker has the real ones.
"""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.runtime import progress, shopper_fold
from pipeline.runtime.fold import Effects
from pipeline.runtime.intake_fold import IntakeFold
from pipeline.runtime.partition import PartitionProcessor
from pipeline.runtime.ports import Batch, Checkpoint, StateWrite, Sweep
from tests.simulation.broker import SimulatedBroker
from tests.simulation.lane import SimulatedLane
from tests.simulation.simulation import Simulation
from tests.simulation.verdict import differences

SEEDS = 120

Patch = pytest.MonkeyPatch


def without_fencing(patch: Patch) -> None:
    patch.setattr(SimulatedBroker, "owns", lambda self, transactional_id, epoch: True)


def without_contiguity(patch: Patch) -> None:
    process = PartitionProcessor.process

    def trusting(self: PartitionProcessor[Any], batch: Batch) -> Any:
        if batch is not self._batch:
            batch.follows = self.next_offset - 1
        return process(self, batch)

    patch.setattr(PartitionProcessor, "process", trusting)


def store_before_commit(patch: Patch) -> None:
    make_happen = PartitionProcessor._make_happen

    def hasty(self: PartitionProcessor[Any], effects: Effects) -> None:
        offset = self._state.changelog_offset()
        self._state.write(
            StateWrite(effects.values, offset, effects.checkpoint, effects.due_added, effects.due_dropped)
        )
        make_happen(self, effects)

    patch.setattr(PartitionProcessor, "_make_happen", hasty)


def restore_of_what_is_not_committed(patch: Patch) -> None:
    patch.setattr(SimulatedLane, "changelog", lambda self, offset: uncommitted(self, self.agent.changelog, offset, 40))


def uncommitted(lane: SimulatedLane, topic: str, offset: int, limit: int) -> list[Any]:
    return lane.world.broker.read(topic, lane.key.partition, offset, limit, committed=False)


def timers_at_the_fastest_source(patch: Patch) -> None:
    """As if what one source partition says were true of all."""

    def advance(checkpoint: Checkpoint, told: progress.Progress, sources: int, stall: int | None) -> int:
        checkpoint.time = max(checkpoint.time, told.until)
        return checkpoint.time

    patch.setattr(progress, "advance", advance)


def progress_ahead_of_its_events(patch: Patch) -> None:
    """Intake says that all is forwarded, and then forwards it."""
    fold = IntakeFold.fold

    def hasty(self: IntakeFold, *given: Any) -> Effects:
        effects = fold(self, *given)
        effects.outputs.sort(key=lambda output: output.partition is None)
        return effects

    patch.setattr(IntakeFold, "fold", hasty)


def idle_with_records_waiting(patch: Patch) -> None:
    """Intake says that time has passed while it still has records to forward."""

    def tell(self: SimulatedLane, until: int) -> bool:
        if self.processor is not None:
            self.processor.idle(self.world.broker.now)
        return True

    patch.setattr(SimulatedLane, "tell", tell)


def several_transactions_a_batch(patch: Patch) -> None:
    """Decisions are published before the state that they come from."""
    make_happen = PartitionProcessor._make_happen

    def torn(self: PartitionProcessor[Any], effects: Effects) -> None:
        self._outbox.begin()
        self._outbox.produce(effects.outputs)
        self._outbox.commit()
        effects.outputs = []
        make_happen(self, effects)

    patch.setattr(PartitionProcessor, "_make_happen", torn)


def a_take_over_at_each_round(patch: Patch) -> None:
    """The changed plan counts from when a shopper is looked at, not from one instant for all."""

    def take_over(checkpoint: Checkpoint, plan: int) -> None:
        done = checkpoint.sweep.plan == plan and checkpoint.sweep.done
        checkpoint.sweep = Sweep(plan, checkpoint.time, checkpoint.sweep.cursor, checkpoint.sweep.looked_at, done)

    patch.setattr(shopper_fold, "take_over", take_over)


MUTATIONS: list[Callable[[Patch], None]] = [
    without_fencing,
    without_contiguity,
    store_before_commit,
    restore_of_what_is_not_committed,
    timers_at_the_fastest_source,
    progress_ahead_of_its_events,
    idle_with_records_waiting,
    several_transactions_a_batch,
    a_take_over_at_each_round,
]


@pytest.mark.parametrize("mutation", MUTATIONS, ids=lambda mutation: mutation.__name__)
def test_without_a_defence_the_simulation_finds_a_difference(
    mutation: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    mutation(monkeypatch)
    assert any(ends_wrong(seed) for seed in range(SEEDS))


def ends_wrong(seed: int) -> bool:
    """Decisions, events or states differ; not that it hangs, or that another defence stops it."""
    try:
        found = differences(Simulation(seed))
    except Exception:
        return False
    return any(one.startswith(("decisions", "a decision", "events", "state", "changelog")) for one in found)
