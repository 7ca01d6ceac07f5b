"""What decides: the core, as the shopper fold sees it."""

from typing import Protocol

from pipeline.domain.event import Event
from pipeline.domain.graft import Graft
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import Outcome


class Decider(Protocol):
    """`pipeline.domain.decide.Engine`. changed_at: when its plan took over, ms; whichever call first meets a record of
    another plan brings it over, as of then."""

    @property
    def digest(self) -> int:
        """Leading 32 bits of the plan's digest; `Shopper.plan` of the records decided under it."""
        ...

    @property
    def pieces(self) -> frozenset[int]:
        """Fingerprints of all state that events are folded into; what a Graft may hold."""
        ...

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int) -> Outcome: ...

    def on_due(self, shopper: Shopper, shopper_id: str, until: int, changed_at: int) -> Outcome: ...

    def graft(self, shopper: Shopper, shopper_id: str, graft: Graft, until: int, changed_at: int) -> Outcome: ...
