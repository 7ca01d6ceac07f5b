"""An engine of a few lines, for tests of the runtime: one reminder a shopper, some time after the latest event."""

from pipeline.domain.decision import SEGMENT_CHANGES, Decision, decision_id
from pipeline.domain.event import Event
from pipeline.domain.graft import Graft
from pipeline.domain.outcome import Outcome
from pipeline.domain.shopper import Shopper


class FakeEngine:
    """Each event says "seen"; `delay` ms after the latest one, it says "quiet". An event named as below does otherwise:

    `forget` takes the reminder back; `sooner` sets it at 1 ms; `past` sets it to an instant that has passed; `late` and
    `duplicate` are refused; `boom` fails having changed the record. `calls` is who was called, in order.
    """

    def __init__(self, delay: int = 1_000) -> None:
        self.delay = delay
        self.digest = 0
        self.pieces = frozenset[int]()
        self.calls: list[tuple[str, str, int]] = []

    def decide(self, shopper: Shopper, event: Event, now: int, changed_at: int = 0) -> Outcome:
        self.calls.append(("decide", event.shopper, now))
        outcome = self.on_due(shopper, event.shopper, now, silent=True)
        assert now >= shopper.now
        shopper.now, shopper.created = now, shopper.created or now
        if event.name in ("late", "duplicate"):
            outcome.refusal = event.name
            return outcome
        shopper.sessions += 1
        if event.name == "boom":
            raise ZeroDivisionError("of someone")
        shopper.due = {"forget": 0, "sooner": now + 1, "past": now - 5}.get(event.name, now + self.delay)
        outcome.decisions.append(self._say(event.shopper, "seen", now, event.message_id))
        outcome.remarks.append("remarked")
        return outcome

    def on_due(
        self, shopper: Shopper, shopper_id: str, until: int, changed_at: int = 0, silent: bool = False
    ) -> Outcome:
        if not silent:
            self.calls.append(("due", shopper_id, until))
        outcome = Outcome([], [])
        if 0 < shopper.due <= until:
            shopper.now = max(shopper.now, shopper.due)
            shopper.due = 0
            outcome.decisions.append(self._say(shopper_id, "quiet", shopper.now, None))
        return outcome

    def graft(self, shopper: Shopper, shopper_id: str, graft: Graft, until: int, changed_at: int = 0) -> Outcome:
        return self.on_due(shopper, shopper_id, until, changed_at)

    def _say(self, shopper: str, what: str, now: int, message_id: str | None) -> Decision:
        identity = decision_id("fake", shopper, what, now, message_id or "")
        kind = "event" if message_id else "timer"
        return Decision(SEGMENT_CHANGES, what, identity, shopper, now, now, kind, message_id, "fake", {})
