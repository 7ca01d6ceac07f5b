"""What the engine decides under the demo shop's topology fits the contracts, in both formats."""

import json
from io import BytesIO
from pathlib import Path
from typing import Any

import fastavro
import jsonschema
import msgspec
import pytest

from pipeline.config.topology import parse
from pipeline.domain.commerce.link import OF_PRODUCT
from pipeline.domain.decide import Engine
from pipeline.domain.decision import DECISION_TOPICS, Decision
from pipeline.domain.event import Event
from pipeline.domain.identity.identities import identities_of
from pipeline.domain.identity.letter import Handoff
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, MINUTE
from schemas.codec import DecisionCodec
from schemas.contract import HERE

REPOSITORY = Path(__file__).parents[3]
START = 1_767_434_400_000
# What the demo shop does without.
DERIVED = """
identity: {}
journey: [{stage: buyer, when: {orders: {at_least: 1}}}, {stage: visitor}]
traits:
  value: {spend: {within: 30d}}
  seen: {most_frequent: {of: Product Viewed, property: category}}
  price: {avg: {of: Product Viewed, property: price, within: 1d}}
messaging:
  consent: {unknown: granted}
  quiet_hours: {from: "21:00", to: "08:00", spread: 30m}
  arbitration: 0s
  messages:
    cart-left: {on: {abandonment: cart}, channel: on-site, variants: {plain: 50, discount: 50}}
    engaged: {on: {segment: engaged, change: entered}, channel: on-site, expires: 12h}
    risen: {on: {tier: club, change: upgraded}, channel: on-site, priority: 3}
    earned: {on: {points: club, entry: confirmed}, channel: on-site, priority: 2}
    ordered: {on: {event: Order Completed}, channel: on-site, transactional: true, quiet_hours: ignore}
"""
SOURCE = {"topic": "shopper-events", "partition": 0, "offset": 0}


def track(name: str, at: int, /, **properties: Any) -> Event:
    return Event(
        type="track",
        name=name,
        shopper="s-1",
        time=at,
        received=at,
        message_id=f"m-{at}",
        properties=msgspec.Raw(msgspec.json.encode(properties)),
    )


@pytest.fixture(scope="module")
def decisions() -> list[Decision]:
    """A shopper logs in, looks around, leaves a cart for days, orders, orders a lot more, and sends it back."""
    shoe = {"product_id": "p1", "sku": "p1-42", "name": "Schuh", "price": 89.9, "category": "Shoes"}
    order = {"order_id": "o-1", "total": 2500, "currency": "EUR", "products": [{**shoe, "quantity": 1}]}
    events = [track("Product Viewed", START + i * MINUTE, **shoe) for i in range(6)]
    events += [
        track("Product Added", START + 10 * MINUTE, cart_id="c-1", quantity=2, cart_url="/c-1", url="/p1", **shoe),
        track("Order Completed", START + 4 * DAY, cart_id="c-1", **order),
        track("Order Completed", START + 5 * DAY, **{**order, "order_id": "o-2", "total": 9000}),
        track("Order Refunded", START + 6 * DAY, order_id="o-2", total=9000),
        track("Points Redeemed", START + 6 * DAY + 1, points=10**6),
        track("Consent Changed", START + 7 * DAY, channel="email", status="reduced", address="s@shop.example"),
        track("Email Bounced", START + 8 * DAY, bounce_type="hard"),
    ]
    written = (REPOSITORY / "topology.yaml").read_text(encoding="utf-8") + DERIVED
    written += "erasure: {pepper: salt}\n"
    written = written.replace("  club:\n", "  club:\n    rewards: {voucher: {cost: 500}}\n")
    engine, shopper = Engine(parse(written, {}).plan()), Shopper()
    identities = identities_of(engine, 2**20)
    assert identities is not None
    step = identities.take(shopper, "s-1", Handoff("a-1", "s-1", START, merge="0" * 32), START)
    found = [decision for told in step.told for decision in told.outcome.decisions]
    found += [decision for event in events for decision in engine.decide(shopper, event, event.received).decisions]
    found += engine.on_due(shopper, "s-1", START + 800 * DAY).decisions
    erased = track("Shopper Erased", START + 801 * DAY, reason="asked")
    return found + engine.decide(shopper, erased, erased.received).decisions


def test_messages_of_every_kind_of_trigger_are_among_them(decisions: list[Decision]) -> None:
    payloads = [decision.fields["payload"] for decision in decisions if decision.topic == "messages"]
    kinds = {kind for payload in payloads for kind, part in payload.items() if part is not None}
    assert kinds == {"abandonment", "segment", "tier", "points", "event"}


def test_decisions_of_every_topic_are_among_them(decisions: list[Decision]) -> None:
    assert {decision.topic for decision in decisions} == set(DECISION_TOPICS)
    assert len({decision.id for decision in decisions}) == len(decisions)


def test_as_json_they_pass_their_schema(decisions: list[Decision]) -> None:
    codec = DecisionCodec("json", "demo-shop")
    schemas = {
        topic: json.loads((HERE / f"{topic}.schema.json").read_text(encoding="utf-8")) for topic in DECISION_TOPICS
    }
    for decision in decisions:
        value, _ = codec.encode(decision, SOURCE)
        jsonschema.validate(json.loads(value), schemas[decision.topic])


def test_as_avro_they_say_the_same_and_use_known_symbols_only(decisions: list[Decision]) -> None:
    as_json, as_avro = DecisionCodec("json", "demo-shop"), DecisionCodec("avro", "demo-shop")
    for decision in decisions:
        schema = json.loads((HERE / f"{decision.topic}.avsc").read_text(encoding="utf-8"))
        value, _ = as_avro.encode(decision, SOURCE)
        read = fastavro.schemaless_reader(BytesIO(value[10:]), fastavro.parse_schema(schema), None)
        body = json.loads(as_json.encode(decision, SOURCE)[0])
        assert {name: read[name] for name in ("id", "shopper", "cause", "definition", "silent", "source")} == {
            name: body[name] for name in ("id", "shopper", "cause", "definition", "silent", "source")
        }
        assert read.keys() == body.keys()
        if read.get("cart") is not None:
            # The fields that JSON leaves out where they have no value.
            for name in ("gap_to_free_shipping", "local_total", "url"):
                assert read["cart"].pop(name) == body["cart"].pop(name, None)
            for item, told in zip(read["cart"]["items"], body["cart"]["items"], strict=True):
                assert [item.pop(name) for name in OF_PRODUCT] == [told.pop(name, None) for name in OF_PRODUCT]
        assert read.get("cart") == body.get("cart")
        assert "unknown" not in (read.get("change"), read.get("entry"), read["cause"]["kind"])
