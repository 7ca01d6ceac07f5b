"""From the clickstream to decisions over both agents: a history, with crashes on the way, ends as it does when the core
is given its lines one by one (topology.md: a live run with `received: field, tick: off` equals `replay`)."""

import json
from collections import defaultdict
from functools import partial
from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.domain.decide import Engine
from pipeline.domain.definition import Plan
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.shopper import Shopper
from pipeline.runtime.intake_fold import FIELD, IntakeFold, IntakeSettings
from pipeline.runtime.ports import SHOPPER_EVENTS
from pipeline.runtime.shopper_settings import Settings
from tests.support.memory_broker import Crash, MemoryBroker
from tests.support.road import draw_history, draw_plan, said
from tests.support.topology_driver import CODEC, AgentDriver, shopper_driver

CLICKSTREAM = "clickstream"
DAY = 86_400_000


def alone(plan: Plan, lines: list[bytes], until: int) -> tuple[dict[str, list[Any]], dict[bytes, bytes]]:
    engine, intake = Engine(plan), Intake(plan)
    shoppers: dict[str, Shopper] = defaultdict(Shopper)
    decisions = []
    for line in lines:
        for event in intake.accept(line, 0, from_field=True):
            if isinstance(event, Event):
                decisions += engine.decide(shoppers[event.shopper], event, event.received).decisions
    for shopper_id, shopper in shoppers.items():
        decisions += engine.on_due(shopper, shopper_id, until).decisions
    found: dict[str, list[Any]] = defaultdict(list)
    for decision in decisions:
        plain = json.loads(msgspec.json.encode(decision))
        del plain["decided_at"]
        found[f"{decision.shopper} {decision.topic}"].append(plain)
    return dict(found), {key.encode(): CODEC.encode(shopper) for key, shopper in shoppers.items()}


def run_through_crashes(driver: AgentDriver, random: Random, chance: float) -> int:
    def at(step: str) -> None:
        if random.random() < chance:
            raise Crash

    crashes = 0
    while True:
        for lane in driver.lanes:
            lane.at = at
        try:
            driver.run()
            ended = True
        except Crash:
            ended = False
            crashes += 1
        for lane in driver.lanes:
            lane.at = lambda step: None
        if ended:
            return crashes
        for lane in driver.lanes:
            lane.open(wipe=random.random() < 0.5)


@pytest.mark.parametrize("chance", [0.0, 0.02], ids=["smooth", "crashing"])
@pytest.mark.parametrize("seed", range(20))
def test_a_history_through_both_agents_ends_as_the_core_alone(seed: int, chance: float) -> None:
    random = Random(seed)
    plan = draw_plan(random)
    lines = [line for _, line in draw_history(random)]
    intake = Intake(plan)
    accepted = [call for line in lines for call in intake.accept(line, 0, from_field=True) if isinstance(call, Event)]
    until = 40 * DAY + max(event.received for event in accepted)
    broker = MemoryBroker({CLICKSTREAM: 3, SHOPPER_EVENTS: 2})
    for line in lines:
        key = json.loads(line).get("userId", "").encode() if line.endswith(b"}") else b"damaged"
        broker.append(CLICKSTREAM, key, line)
    settings = IntakeSettings(partitions=2, received=FIELD, progress_every=random.choice([1, 60_000, DAY]))
    first = AgentDriver(
        broker, "intake", CLICKSTREAM, lambda state: IntakeFold(intake, settings), partial(random.randint, 1, 12)
    )
    second = shopper_driver(broker, Engine(plan), Settings(3, None, timers=3), partial(random.randint, 1, 30))

    crashes = run_through_crashes(first, random, chance)
    for lane in first.lanes:
        lane.processor.idle(until)
    crashes += run_through_crashes(second, random, chance)

    lines_alone, state = alone(plan, lines, until)
    assert bool(crashes) == bool(chance)
    assert said(second.broker) == lines_alone
    assert second.state() == state
    assert second.total("raised") == 0
