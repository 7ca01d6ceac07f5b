"""What has been seen so far: a plain fold of the records in the public topics (topology.md, "Outputs")."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

from pipeline.domain.decision import ABANDONMENT_TRIGGERS, LOYALTY_POINTS, LOYALTY_TIERS, SEGMENT_CHANGES


@dataclass(slots=True)
class AbandonmentTally:
    """Of one entry under `abandonment`. stages: stage -> how many were sent. won: minor units that came back."""

    stages: Counter[int] = field(default_factory=Counter)
    recovered: int = 0
    retracted: int = 0
    won: int = 0


class Tally:
    """Counts of events, dead letters and decisions, and what the decisions add up to.

    now: the greatest time seen in any record, ms; 0 before the first. members: by segment. tiers: holders by
    programme and tier. points: the sum of all entries, by programme.
    """

    def __init__(self) -> None:
        self.events = 0
        self.shoppers: set[str] = set()
        self.now = 0
        self.dead_letters: Counter[str] = Counter()
        self.decisions: Counter[str] = Counter()
        self.members: Counter[str] = Counter()
        self.abandonment: dict[str, AbandonmentTally] = {}
        self.tiers: dict[str, Counter[str]] = {}
        self.points: Counter[str] = Counter()

    @property
    def decided(self) -> int:
        return sum(self.decisions.values())

    def see_event(self, shopper: str, received: int) -> None:
        """A canonical event of `shopper-events`. received: ms."""
        self.events += 1
        self.shoppers.add(shopper)
        self.see_time(received)

    def see_time(self, instant: int) -> None:
        """Time was told, by a progress record or an event. ms."""
        self.now = max(self.now, instant)

    def see_dead_letter(self, reason: str) -> None:
        self.dead_letters[reason] += 1

    def see_decision(self, topic: str, decision: dict[str, Any]) -> None:
        """A line of an output topic, by its logical name."""
        self.decisions[topic] += 1
        if topic == SEGMENT_CHANGES:
            self.members[decision["segment"]] += 1 if decision["change"] == "entered" else -1
        elif topic == ABANDONMENT_TRIGGERS:
            self._see_trigger(decision)
        elif topic == LOYALTY_TIERS:
            self._see_tier(decision)
        elif topic == LOYALTY_POINTS:
            self.points[decision["programme"]] += decision["points"]

    def _see_trigger(self, trigger: dict[str, Any]) -> None:
        its = self.abandonment.setdefault(trigger["kind"], AbandonmentTally())
        if trigger["change"] == "abandoned":
            its.stages[trigger["stage"]] += 1
        elif trigger["change"] == "recovered":
            its.recovered += 1
            its.won += trigger["cart"]["total"]["amount"] if trigger["cart"] else 0
        elif trigger["change"] == "retracted":
            its.retracted += len(trigger["retracts"])

    def _see_tier(self, tier: dict[str, Any]) -> None:
        holders = self.tiers.setdefault(tier["programme"], Counter())
        if tier["change"] in ("joined", "upgraded", "downgraded"):
            holders[tier["to"]] += 1
            if tier["from"] is not None:
                holders[tier["from"]] -= 1
