"""The sweep: after the plan changed, every record of a partition is brought under the new one, slice by slice.

A record is brought over when an event or a timer comes to its shopper; the sweep sees to those that nothing comes to.
What is decided does not depend on which of them is first: each does it as of `Sweep.since`. So that a restart, or
another worker, goes on where this one was, `Sweep` is part of the checkpoint, written with the records of each slice.
"""

from collections.abc import Iterator

import msgspec

from pipeline.domain.shopper import Shopper
from pipeline.runtime.decider import Decider
from pipeline.runtime.overlay import Held, Overlay
from pipeline.runtime.ports import (
    Checkpoint,
    Outcome,
    ShopperCodec,
    StatePartition,
    Sweep,
)
from pipeline.runtime.shopper_settings import Settings

CHUNK = 500

# To look at a record that needs nothing takes less than a tenth of bringing one over.
LOOKS = 10

SWEEP_FAILED = "sweep_failed"
"""Remark: the core fails on a record. It is left under its old plan; the shopper's next event will meet the fault."""


Brought = tuple[Held, Shopper, Outcome] | str
"""A record that was changed without an event, and what follows from it; or a remark, in its stead."""


def take_over(checkpoint: Checkpoint, plan: int) -> None:
    """Have `plan` be the present one. If another was, it takes over at partition time, and a sweep begins: from the
    first record on, whether or not the last one had come to its end."""
    if checkpoint.sweep.plan != plan:
        checkpoint.sweep = Sweep(plan, checkpoint.time)


class StoreSweep:
    """Walks over a partition's records in key order. One thread at a time."""

    def __init__(
        self, engine: Decider, state: StatePartition, codec: ShopperCodec, overlay: Overlay, settings: Settings
    ) -> None:
        self._engine = engine
        self._state = state
        self._codec = codec
        self._overlay = overlay
        self._settings = settings

    def take(self, checkpoint: Checkpoint) -> Iterator[Brought]:
        """Bring the next slice over; the checkpoint says how far it came."""
        found, checkpoint.sweep = self.advance(checkpoint.sweep)
        for held in found:
            brought = self.bring_over(held, checkpoint)
            yield (held, *brought) if brought is not None else SWEEP_FAILED

    def advance(self, sweep: Sweep) -> tuple[list[Held], Sweep]:
        """The next records of another plan, a slice of them, and where the sweep stands behind them."""
        found: list[Held] = []
        limit, cursor, looked_at, done = self._settings.sweep, sweep.cursor, 0, False
        while not done and len(found) < limit and looked_at < limit * LOOKS:
            chunk = self._state.values(cursor, min(CHUNK, limit))
            for key, value in chunk:
                if self._codec.plan(value) != sweep.plan:
                    held = self._overlay.sweep(key, value)
                    # A timer of this very slice may have brought it over.
                    if not held.changed:
                        found.append(held)
            looked_at += len(chunk)
            done = len(chunk) < min(CHUNK, limit)
            cursor = chunk[-1][0] if chunk else cursor
        looked_at += sweep.looked_at
        return found, msgspec.structs.replace(sweep, cursor=cursor, looked_at=looked_at, done=done)

    def bring_over(self, held: Held, checkpoint: Checkpoint) -> tuple[Shopper, Outcome] | None:
        """Bring a record under the present plan, and on to partition time. None: it can't be, see SWEEP_FAILED."""
        return self._overlay.attempt(
            held,
            self._settings.shopper_bytes,
            lambda shopper: self._engine.on_due(shopper, held.key.decode(), checkpoint.time, checkpoint.sweep.since),
        )
