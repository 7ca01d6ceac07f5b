"""The life of an owned partition, as states and the steps allowed between them (architecture.md, "Guarantee")."""

from enum import StrEnum


class Stage(StrEnum):
    """fencing: making earlier owners powerless. restoring: reading the changelog. ready: the source is being sought.

    processing: taking batches. draining: finishing the one in hand before the partition may go. failed: gave up; waits
    for someone to look. closed: not ours, nothing may be touched.
    """

    FENCING = "fencing"
    RESTORING = "restoring"
    READY = "ready"
    PROCESSING = "processing"
    DRAINING = "draining"
    FAILED = "failed"
    CLOSED = "closed"


_NEXT: dict[Stage, frozenset[Stage]] = {
    Stage.CLOSED: frozenset({Stage.FENCING}),
    Stage.FENCING: frozenset({Stage.RESTORING, Stage.FAILED, Stage.CLOSED, Stage.FENCING}),
    Stage.RESTORING: frozenset({Stage.READY, Stage.FENCING, Stage.FAILED, Stage.CLOSED}),
    Stage.READY: frozenset({Stage.PROCESSING, Stage.DRAINING, Stage.FENCING, Stage.FAILED, Stage.CLOSED}),
    # A drained partition that stays ours is ready again at once: store and producer are kept open.
    Stage.PROCESSING: frozenset({Stage.DRAINING, Stage.FENCING, Stage.FAILED, Stage.CLOSED}),
    Stage.DRAINING: frozenset({Stage.READY, Stage.CLOSED, Stage.FAILED}),
    Stage.FAILED: frozenset({Stage.FENCING, Stage.CLOSED}),
}


class IllegalStep(Exception):
    """A step that the life of a partition does not have: a programming error."""


class Life:
    """Where one partition stands. Begins closed."""

    def __init__(self) -> None:
        self.stage = Stage.CLOSED

    def enter(self, stage: Stage) -> None:
        """Raises IllegalStep."""
        if stage not in _NEXT[self.stage]:
            raise IllegalStep(f"{self.stage} -> {stage}")
        self.stage = stage

    @property
    def takes_batches(self) -> bool:
        return self.stage in (Stage.READY, Stage.PROCESSING)
