"""Replays of small histories, in process."""

import json
from pathlib import Path
from typing import Any

from pipeline.config.topology import parse
from pipeline.domain.definition import Plan
from pipeline.domain.value.instant import parse_instant
from pipeline.replay.run import Replay
from pipeline.replay.source import LineSource
from pipeline.replay.summary import Summary

TOPOLOGY = """
version: 1
name: shop
shop: {timezone: UTC, currency: EUR}
time: {late: {segments: 7d, triggers: 48h}}
segments:
  engaged: {when: {count: {of: Product Viewed, at_least: 2, within: 1h}}}
  buyers: {when: {orders: {within: 30d, at_least: 1}}}
journey: [{stage: buyer, when: {in: buyers}}, {stage: visitor}]
traits: {value: {spend: {within: 30d}}}
messaging:
  consent: {unknown: granted}
  caps: [{channel: on-site, at_most: 1, per: 1d, over: defer}]
  quiet_hours: {from: "21:00", to: "08:00", spread: 30m}
  holdout: {percent: 20, salt: q1}
  messages:
    reminder: {on: {abandonment: cart}, channel: on-site, priority: 2, variants: {plain: 50, discount: 50}}
    hello: {on: {segment: engaged, change: entered}, channel: on-site, expires: 4h, unless: {in: buyers}}
    receipt: {on: {event: Order Completed}, channel: on-site, transactional: true}
abandonment:
  cart: {stages: [4h, 24h]}
loyalty:
  club:
    earn: [{on: Order Completed, points: 1, per: 1.00}]
    rewards: {mug: {cost: 150}}
    tiers:
      metric: points_earned
      window: lifetime
      levels: [{name: bronze, from: 0}, {name: silver, from: 100}]
"""


def plan() -> Plan:
    return parse(TOPOLOGY, {}).plan()


def ms(text: str) -> int:
    instant = parse_instant(text)
    assert instant is not None
    return instant


def call(shopper: str, name: str, time: str, **properties: Any) -> dict[str, Any]:
    """A track call; its message id tells it from all others."""
    received = properties.pop("receivedAt", None)
    body = {"type": "track", "event": name, "userId": shopper, "timestamp": time, "properties": properties}
    if received is not None:
        body["receivedAt"] = received
    return {**body, "messageId": f"{shopper}/{name}/{time}"}


def write(path: Path, *values: Any) -> Path:
    """A file of lines; bytes stand as they are, other values as JSON."""
    lines = (value if isinstance(value, bytes) else json.dumps(value).encode() for value in values)
    path.write_bytes(b"".join(line + b"\n" for line in lines))
    return path


def replay(output: Path, *inputs: Path, **how: Any) -> Summary:
    return Replay(how.pop("plan", None) or plan(), output, **how).run([LineSource(str(one)) for one in inputs])


def lines(folder: Path, name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (folder / f"{name}.ndjson").read_bytes().splitlines()]


def files(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(folder.iterdir())}


def segment_changes(folder: Path) -> list[tuple[str, str, str, str]]:
    return [
        (one["effective_at"][:19], one["shopper"], one["segment"], one["change"])
        for one in lines(folder, "segment-changes")
    ]
