"""A small shop's history, the same for the same seed: what clients sent, in the order in which it was received."""

import json
import random
from datetime import UTC, datetime
from pathlib import Path

TOPOLOGY = """\
version: 1
name: {name}
kafka: {{partitions: 4, replication: 1}}
time: {{received: {received}, tick: {tick}}}
segments:
  engaged: {{when: {{count: {{of: Product Viewed, at_least: 3, within: 1h}}}}}}
  buyers: {{when: {{orders: {{within: 2d, at_least: 1}}}}}}
abandonment:
  cart: {{stages: [1h, 4h], cool_down: 0s}}
loyalty:
  club:
    earn: [{{on: Order Completed, points: 1, per: 1.00}}]
    tiers:
      metric: points_earned
      window: {{rolling: 7d}}
      levels: [{{name: bronze, from: 0}}, {{name: silver, from: 100}}, {{name: gold, from: 300}}]
"""

MESSAGING = """\
messaging:
  consent: {unknown: granted}
  quiet_hours: {from: "21:00", to: "08:00", channels: [email], spread: 30m}
  caps: [{channel: on-site, at_most: 1, per: 4h, over: defer}, {channel: email, at_most: 1, per: 2h}]
  holdout: {percent: 10, salt: q1}
  messages:
    reminder: {on: {abandonment: cart}, channel: on-site, priority: 2, variants: {plain: 50, discount: 50}}
    hello: {on: {segment: engaged, change: entered}, channel: on-site, expires: 6h, unless: {in: buyers}}
    thanks: {on: {tier: club, change: upgraded}, channel: email}
    receipt: {on: {event: Order Completed}, channel: email, transactional: true, quiet_hours: ignore}
"""

START = 1_767_225_600_000  # 2026-01-01T00:00:00Z


def write_topology(
    path: Path, name: str = "shop", received: str = "field", tick: str = "off", messaging: str = ""
) -> Path:
    """messaging: MESSAGING, for a shop that sends messages."""
    path.write_text(TOPOLOGY.format(name=name, received=received, tick=tick) + messaging)
    return path


def history(events: int, seed: int = 1, shoppers: int = 200) -> list[tuple[bytes, bytes]]:
    """(key, value) records of the clickstream, in order of receivedAt. Some are bad, some are sent twice."""
    choose = random.Random(seed)
    now, records = START, list[tuple[bytes, bytes]]()
    for number in range(events):
        now += choose.randint(1, 20_000)
        shopper = f"shopper-{choose.randrange(shoppers)}"
        if number % 500 == 499:
            records.append((shopper.encode(), b"{not json"))
        elif number % 97 == 96:
            records.append(records[-choose.randint(1, 50)])
        else:
            records.append((shopper.encode(), _call(choose, number, shopper, now)))
    return records


def contacts(shoppers: int = 200) -> list[tuple[bytes, bytes]]:
    """Records that come before a history: every other shopper has an address, every tenth wants nothing there."""
    records = []
    for number in range(0, shoppers, 2):
        who = f"shopper-{number}"
        told = {"type": "identify", "traits": {"email": f"{who}@shop.example"}}
        unsubscribed = {"type": "track", "event": "Email Unsubscribed", "properties": {}}
        for call in [told, unsubscribed] if number % 10 == 0 else [told]:
            times = {"timestamp": _iso(START), "receivedAt": _iso(START)}
            body = {**call, **times, "userId": who, "messageId": f"{call['type']}-{number}"}
            records.append((who.encode(), json.dumps(body).encode()))
    return records


def _call(choose: random.Random, number: int, shopper: str, now: int) -> bytes:
    product = {
        "product_id": f"p{choose.randrange(40)}",
        "price": choose.randint(100, 9_900) / 100,
        "quantity": choose.randint(1, 3),
        "category": choose.choice(["shoes", "shirts", "bags"]),
    }
    name = choose.choices(["Product Viewed", "Product Added", "Order Completed"], [70, 22, 8])[0]
    properties: dict[str, object] = dict(product)
    if name == "Order Completed":
        total = round(product["price"] * product["quantity"], 2)
        properties = {"order_id": f"o{number}", "total": total, "currency": "EUR", "products": [product]}
    call = {
        "type": "track",
        "event": name,
        "userId": shopper,
        "messageId": f"m{number}",
        "timestamp": _iso(now - choose.randint(0, 2_000)),
        "receivedAt": _iso(now),
        "properties": properties,
    }
    return json.dumps(call).encode()


def _iso(ms: int) -> str:
    return datetime.fromtimestamp(ms / 1000, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
