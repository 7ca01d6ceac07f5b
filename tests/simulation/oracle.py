"""What has to come out: the lines of each source partition one by one, each shopper's events one by one."""

from collections import Counter, defaultdict
from typing import Any

import msgspec

from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.runtime.ports import Record
from tests.simulation.scenario import Scenario
from tests.support.road import plain
from tests.support.topology_driver import CODEC


class Expected:
    """events: canonical ones by shopper. said: decisions by shopper and topic. dead: dead letters by reason. states:
    final records by key. Each of the lists is in its order."""

    def __init__(self) -> None:
        self.events: dict[str, list[bytes]] = defaultdict(list)
        self.said: dict[str, list[Any]] = defaultdict(list)
        self.dead: Counter[str] = Counter()
        self.states: dict[bytes, bytes] = {}


def expect(scenario: Scenario, sources: list[list[Record]]) -> Expected:
    """sources: what the log of each partition of the clickstream holds."""
    engine, intake, expected = Engine(scenario.plan), Intake(scenario.plan), Expected()
    shoppers: dict[str, Shopper] = defaultdict(Shopper)
    decided = []
    for records in sources:
        latest = 0
        for record in records:
            for call in intake.accept(record.value, record.timestamp, from_field=not scenario.live):
                if not isinstance(call, Event):
                    expected.dead[call.reason] += 1
                    continue
                latest = call.received = max(latest, call.received)
                expected.events[call.shopper].append(msgspec.json.encode(call))
                outcome = engine.decide(shoppers[call.shopper], call, call.received)
                decided += outcome.decisions
                if outcome.refusal not in (None, "duplicate"):
                    expected.dead[str(outcome.refusal)] += 1
    for shopper_id, shopper in shoppers.items():
        decided += engine.on_due(shopper, shopper_id, scenario.end).decisions
        expected.states[shopper_id.encode()] = CODEC.encode(shopper)
    for decision in decided:
        expected.said[f"{decision.shopper} {decision.topic}"].append(plain(msgspec.to_builtins(decision)))
    return expected
