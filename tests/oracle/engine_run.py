"""The engine over a list of raw client calls, as `afterclick replay` runs it."""

import json
import zlib
from io import StringIO
from typing import Any

import msgspec
from ruamel.yaml import YAML

from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.event import Event
from pipeline.domain.profile import profile
from pipeline.domain.shopper import Shopper
from schemas.rendering import render
from tests.oracle.history import Record, read
from tests.oracle.oracle import TOPICS, Verdict
from tests.oracle.values import instant


def topology_text(topology: dict[str, Any]) -> str:
    """YAML of a topology given as plain values, complete with what every file must say."""
    text = StringIO()
    YAML().dump({"version": 1, "name": "oracle", **topology}, text)
    return text.getvalue()


def canonical(record: Record) -> Event:
    return Event(
        type=record.type,
        name=record.name,
        shopper=record.shopper,
        time=record.time,
        received=record.received,
        message_id=record.message_id,
        body=zlib.crc32(json.dumps(record.body, sort_keys=True).encode()),
        properties=msgspec.Raw(msgspec.json.encode(record.properties)),
        traits=msgspec.Raw(msgspec.json.encode(record.traits)),
    )


def run(events: list[dict[str, Any]], topology: dict[str, Any], until: str | int | None = None) -> Verdict:
    """All lines, dead letters and profiles of the engine."""
    end = instant(until) if until is not None else None
    records, refused = read(events, topology, end)
    engine = Engine(parse(topology_text(topology), {}).plan())
    verdict = Verdict(dead=list(refused))
    shoppers: dict[str, Shopper] = {}
    decisions = []
    for record in records:
        shopper = shoppers.setdefault(record.shopper, Shopper())
        outcome = engine.decide(shopper, canonical(record), record.received)
        decisions += outcome.decisions
        if outcome.refusal and outcome.refusal != "duplicate":
            verdict.dead.append((record.index, outcome.refusal))
    last = records[-1].received if records else 0
    for shopper_id, shopper in shoppers.items():
        decisions += engine.on_due(shopper, shopper_id, max(end or last, last)).decisions
        verdict.profiles[shopper_id] = profile(engine, shopper, shopper_id)
    for decision in decisions:
        verdict.topics[decision.topic].append(json.loads(json.dumps(render(decision, None, trace=False))))
    for topic in TOPICS:
        verdict.topics[topic].sort(key=lambda line: (line["effective_at"], line["shopper"], line["id"]))
    verdict.dead.sort()
    return verdict
