"""The engine over a history in which the topology is changed: records live through it, as with a worker's restart."""

import json
from collections.abc import Sequence
from typing import Any

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.intake.intake import Intake
from pipeline.domain.outcome import Outcome
from pipeline.domain.profile import profile
from pipeline.domain.shopper import Shopper
from schemas.rendering import encode_json, render
from tests.oracle.engine_run import topology_text
from tests.oracle.oracle import Verdict, topics_of
from tests.oracle.values import instant

Change = tuple[int, dict[str, Any]]
"""From which instant on (ms), what."""


class ChangedRun:
    def __init__(self, topology: dict[str, Any], changes: Sequence[Change]) -> None:
        self._changes = list(changes)
        self._shoppers: dict[str, Shopper] = {}
        topics = {topic for one in (topology, *(to for _, to in changes)) for topic in topics_of(one)}
        self._verdict = Verdict({topic: [] for topic in topics})
        self._take(topology)

    def _take(self, topology: dict[str, Any]) -> None:
        plan = parse(topology_text(topology), {}).plan()
        self._engine, self._intake = Engine(plan), Intake(plan)

    def run(self, events: list[dict[str, Any]], until: str | None) -> Verdict:
        latest = 0
        for index, event in enumerate(events):
            received = max(latest, instant(event["receivedAt"]) or 0)
            self._change(received)
            for call in self._intake.accept(json.dumps(event).encode(), received, from_field=True):
                latest = received
                if not isinstance(call, Event):
                    self._verdict.dead.append((index, call.reason))
                    continue
                shopper = self._shoppers.setdefault(call.shopper, Shopper())
                outcome = self._engine.decide(shopper, call, received)
                self._tell(outcome)
                if outcome.refusal not in (None, "duplicate"):
                    self._verdict.dead.append((index, str(outcome.refusal)))
        end = instant(until) if until is not None else latest
        self._change(end or latest)
        for shopper_id, shopper in self._known():
            self._tell(self._engine.on_due(shopper, shopper_id, end or latest))
            self._verdict.profiles[shopper_id] = profile(self._engine, shopper, shopper_id)
        return self._verdict

    def _change(self, now: int) -> None:
        """Take over what comes by `now`: what was due by then has happened before."""
        while self._changes and self._changes[0][0] <= now:
            at, topology = self._changes.pop(0)
            before = self._engine
            self._take(topology)
            for shopper_id, shopper in self._known():
                self._tell(before.on_due(shopper, shopper_id, at))
                self._tell(self._engine.adopt(shopper, shopper_id, at))

    def _known(self) -> list[tuple[str, Shopper]]:
        """Those who have a record."""
        return [one for one in self._shoppers.items() if one[1].created]

    def _tell(self, outcome: Outcome) -> None:
        for decision in outcome.decisions:
            line = json.loads(encode_json(render(decision, None, trace=False)))
            self._verdict.topics[decision.topic].append(line)
