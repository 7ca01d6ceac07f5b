"""Timed segment cases of another platform's own tests, run through the engine with a manual clock."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.profile import profile
from pipeline.domain.segments.explanation import Explainer, Explanation
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import parse_instant
from tests.oracle.engine_run import topology_text
from tests.real_input.segment_language import Untranslatable, rule_name, segment

pytestmark = pytest.mark.real_input

# Cases that topology.yaml cannot say, and why.
NOT_EXPRESSIBLE = {
    "performed segment with event prefix": "events are matched by name, not by prefix",
    "last performed segment with prefix event": "events are matched by name, not by prefix",
}


def load() -> list[dict[str, Any]]:
    """The cases; empty where the shared inputs are not here, which the fixture then reports."""
    folder = Path(os.environ.get("AFTERCLICK_SHARED") or Path(__file__).parents[3] / "shared")
    file = folder / "oracles" / "segment_cases.json"
    return json.loads(file.read_text()) if file.is_file() else []


CASES = load()


class Shoppers:
    """An engine and its shoppers under a clock that steps move."""

    def __init__(self, segments: list[dict[str, Any]]) -> None:
        self.records: dict[str, Shopper] = {}
        self.calls = 0
        self.now = 0
        self.define(segments)

    def define(self, segments: list[dict[str, Any]]) -> None:
        """Begin, or go on, with these definitions: shoppers decided under others are taken over."""
        rules = {rule_name(one["name"]): segment(one["definition"]) for one in segments}
        plan = parse(topology_text({"segments": rules}), {}).plan()
        self.intake, self.engine, self.explainer = Intake(plan), Engine(plan), Explainer(plan)
        for shopper_id, shopper in self.records.items():
            self.engine.adopt(shopper, shopper_id)

    def receive(self, call: dict[str, Any], now: int) -> None:
        self.calls += 1
        self.now = now
        body = json.dumps({**call, "messageId": f"m{self.calls}"}).encode()
        for event in self.intake.accept(body, now):
            assert isinstance(event, Event)
            self.engine.decide(self.records.setdefault(event.shopper, Shopper()), event, now)

    def advance(self, now: int) -> None:
        self.now = now
        for shopper_id, shopper in self.records.items():
            self.engine.on_due(shopper, shopper_id, now)

    def members(self, shopper_id: str) -> list[str]:
        return profile(self.engine, self.records[shopper_id], shopper_id)["segments"]

    def explain(self, shopper_id: str, segment: str) -> Explanation:
        shopper = self.records[shopper_id]
        self.engine.on_due(shopper, shopper_id, self.now)
        return self.explainer.explain(shopper, segment, self.now)


def replay(case: dict[str, Any]) -> int:
    """Run a case; how many memberships were compared."""
    shoppers, compared = Shoppers(case["segments"]), 0
    for step in case["steps"]:
        now = parse_instant(step["at"])
        assert now is not None
        if step["op"] == "events":
            for call in step["events"]:
                shoppers.receive(call, now)
        elif step["op"] == "compute":
            shoppers.advance(now)
        elif step["op"] == "redefine":
            shoppers.advance(now)
            shoppers.define(step["segments"])
        elif step["op"] == "expect":
            compared += check(shoppers, step)
        else:
            raise Untranslatable(f"no step is like {step['op']}")
    return compared


def check(shoppers: Shoppers, step: dict[str, Any]) -> int:
    for user in step["users"]:
        members = shoppers.members(user["id"])
        for name, expected in user["segments"].items():
            assert (rule_name(name) in members) is bool(expected), (step.get("description"), user["id"], name)
            explanation = shoppers.explain(user["id"], rule_name(name))
            assert explanation.member is bool(expected), (user["id"], name)
            if explanation.segment.hold is None:
                assert explanation.clause.holds is bool(expected), (user["id"], name)
    return sum(len(user["segments"]) for user in step["users"])


def test_the_cases_are_here_and_say_nothing_that_is_not_looked_at(shared: Path) -> None:
    descriptions = [case["description"] for case in CASES]
    assert len(set(descriptions)) == len(descriptions) == 25, f"of {shared}"
    assert NOT_EXPRESSIBLE.keys() <= set(descriptions)
    for case in CASES:
        assert case["journeys"] == case["subscriptionGroups"] == []
        # Their user properties are our traits, which need no declaration; no step asks for one.
        assert {one["definition"]["type"] for one in case["userProperties"]} <= {"Id", "Trait"}
        for step in case["steps"]:
            assert step.keys() <= {"op", "at", "description", "events", "segments", "users"}
            assert all(user.keys() == {"id", "segments"} for user in step.get("users", []))


@pytest.mark.parametrize("case", CASES, ids=[case["description"] for case in CASES])
def test_segment_case(case: dict[str, Any]) -> None:
    reason = NOT_EXPRESSIBLE.get(case["description"])
    if reason is None:
        asked = sum(len(user["segments"]) for step in case["steps"] for user in step.get("users", []))
        assert replay(case) == asked > 0
        return
    with pytest.raises(Untranslatable, match=reason):
        replay(case)
    pytest.skip(f"not expressible: {reason}")
