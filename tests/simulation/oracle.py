"""What has to come out: the lines of each source partition one by one, each shopper's events one by one."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.decision import Decision
from pipeline.domain.event import Event
from pipeline.domain.hot_key import HOT_KEY
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.omission import Omission
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import Record
from tests.simulation.scenario import Scenario
from tests.support.road import plain
from tests.support.topology_driver import CODEC


class Expected:
    """events: canonical ones by shopper. said: decisions by shopper and topic. dead: dead letters by reason. left_out:
    omissions by reason, and events that made a key hot. states: final records by key. Each of the lists is in its
    order."""

    def __init__(self) -> None:
        self.events: dict[str, list[bytes]] = defaultdict(list)
        self.said: dict[str, list[Any]] = defaultdict(list)
        self.dead: Counter[str] = Counter()
        self.left_out: Counter[str] = Counter()
        self.states: dict[bytes, bytes] = {}


class HandOver(msgspec.Struct, frozen=True):
    """When a shopper came under the changed plan: since (ms), after so many events, having been looked at up to
    `looked_at` (ms)."""

    since: int
    events: int
    looked_at: int


class Road:
    """One shopper, under the plan that is, and then under the changed one."""

    def __init__(self, shopper_id: str, engine: Engine, changed: Engine | None, hand_over: HandOver | None) -> None:
        self.shopper = Shopper()
        self.said: list[Decision] = []
        self.hot = 0
        self._id = shopper_id
        self._engine = engine
        self._changed = changed
        self._hand_over = hand_over
        self._since = 0
        self._taken = 0

    def take(self, event: Event) -> str | None:
        """The refusal, if any."""
        self._change()
        self._taken += 1
        outcome = self._engine.decide(self.shopper, event, event.received, self._since)
        self.said += outcome.decisions
        self.hot += outcome.remarks.count(HOT_KEY)
        return outcome.refusal

    def end(self, until: int) -> None:
        self._change()
        self.said += self._engine.on_due(self.shopper, self._id, until, self._since).decisions

    def _change(self) -> None:
        change, changed = self._hand_over, self._changed
        if change is None or changed is None or self._engine is changed or self._taken < change.events:
            return
        if self._taken:
            self.said += self._engine.on_due(self.shopper, self._id, change.looked_at).decisions
        self._engine, self._since = changed, change.since


def expect(scenario: Scenario, sources: list[list[Record]], hand_overs: dict[str, HandOver]) -> Expected:
    """sources: what the log of each partition of the clickstream holds. hand_overs: by shopper."""
    engine, intake, expected = Engine(scenario.plan), Intake(scenario.plan), Expected()
    changed = None if scenario.changed is None else Engine(scenario.changed)
    roads: dict[str, Road] = {}
    for records in sources:
        latest = 0
        for record in records:
            for call in intake.accept(record.value, record.timestamp, from_field=not scenario.live):
                if isinstance(call, Omission):
                    expected.left_out[call.reason] += 1
                    continue
                if not isinstance(call, Event):
                    expected.dead[call.reason] += 1
                    continue
                latest = call.received = max(latest, call.received)
                expected.events[call.shopper].append(msgspec.json.encode(call))
                if call.shopper not in roads:
                    roads[call.shopper] = Road(call.shopper, engine, changed, hand_overs.get(call.shopper))
                refusal = roads[call.shopper].take(call)
                if refusal not in (None, "duplicate"):
                    expected.dead[refusal] += 1
    for shopper_id, road in roads.items():
        road.end(scenario.end)
        expected.left_out[HOT_KEY] += road.hot
        if road.shopper.created:
            expected.states[shopper_id.encode()] = CODEC.encode(road.shopper)
    for decision in (decision for road in roads.values() for decision in road.said):
        expected.said[f"{decision.shopper} {decision.topic}"].append(plain(msgspec.to_builtins(decision)))
    return expected
