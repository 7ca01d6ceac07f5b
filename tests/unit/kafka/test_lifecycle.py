"""The life of an owned partition."""

import pytest

from pipeline.kafka.lifecycle import IllegalStep, Life, Stage


def test_a_partition_is_fenced_and_restored_before_it_takes_batches() -> None:
    life = Life()
    taking = []
    for stage in (Stage.FENCING, Stage.RESTORING, Stage.READY, Stage.PROCESSING, Stage.DRAINING, Stage.CLOSED):
        life.enter(stage)
        taking.append(life.takes_batches)
    assert taking == [False, False, True, True, False, False]


def test_one_that_comes_back_after_a_rebalance_goes_on_at_once() -> None:
    life = Life()
    for stage in (Stage.FENCING, Stage.RESTORING, Stage.READY, Stage.DRAINING, Stage.READY):
        life.enter(stage)
    assert life.takes_batches


@pytest.mark.parametrize("stage", [Stage.RESTORING, Stage.READY, Stage.PROCESSING, Stage.DRAINING])
def test_a_closed_partition_can_only_be_fenced(stage: Stage) -> None:
    with pytest.raises(IllegalStep):
        Life().enter(stage)
