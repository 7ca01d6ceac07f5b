"""No shopper's record outgrows what `afterclick check` states, whatever the shopper does.

AFTERCLICK_HOSTILE_EVENTS sets how many events each topology gets; they are chosen to grow every structure there is.
"""

import os
from collections.abc import Iterator
from random import Random
from typing import Any

import msgspec
import pytest

from pipeline.config.account import account
from pipeline.config.topology import parse
from pipeline.domain.decide import Engine
from pipeline.domain.intake.intake import Intake
from pipeline.domain.intake.refusal import Refusal
from pipeline.domain.shopper import Shopper
from pipeline.state.record import RecordCodec

EVENTS = int(os.environ.get("AFTERCLICK_HOSTILE_EVENTS", "120"))
START = 1_767_225_600_000
HOUR = 3_600_000

CONDITIONS = {
    "count": "{count: {of: A, within: 90d, at_least: 9000}}",
    "count of all time": "{count: {of: '*', at_least: 9000}}",
    "sum": "{sum: {of: A, property: x, within: 90d, at_least: 5}}",
    "min": "{min: {of: A, property: x, within: 90d, at_least: 5}}",
    "average": "{avg: {of: A, property: x, within: 90d, at_least: 5}}",
    "average of all time": "{avg: {of: A, property: x, at_least: 5}}",
    "distinct": "{distinct: {of: A, property: x, within: 90d, at_least: 3000}}",
    "distinct of all time": "{distinct: {of: A, property: x, at_least: 3000}}",
    "calendar count": "{count: {of: A, within: {calendar: year}, at_least: 9000}}",
    "calendar sum": "{sum: {of: A, property: x, within: {calendar: year}, at_least: 5}}",
    "since count": "{count: {of: A, within: {since: B}, at_least: 9000}}",
    "since distinct": "{distinct: {of: A, property: x, within: {since: B}, at_least: 3000}}",
    "average order": "{average_order: {within: {calendar: month}, at_least: 5}}",
    "points": "{points: {programme: club, at_least: 5}}",
    "first": "{first: {of: A, property: y, is: 1}}",
    "last": "{last: {of: '*', property: y, is: 1}}",
    "sequence": "{sequence: {steps: [{of: A}, {of: A}, {of: B}], within: 90d, same: [x]}}",
    "absent": "{sequence: {steps: [{of: A}, {of: B, absent: true}], within: 90d, same: [x]}}",
    "trait": "{trait: {name: a, is: 1}}",
    "orders": "{orders: {within: 90d, at_least: 5}}",
    "spend": "{spend: {at_least: 5}}",
    "cart": "{cart: {value: {at_least: 5}}}",
    "rfm": "{rfm: {recency: [1]}}",
    "stage": "{stage: [b]}",
    "consent": "{consent: {channel: push, is: granted}}",
    "computed": "{computed: {name: taste, is: 1}}",
    "in": "{all: [{in: other}, {not: {count: {of: A, within: 1h, at_least: 2}}}]}",
}
REST = """
  other: {when: {count: {of: A, within: 30d, at_least: 2}}, hold: {enter: 1h, leave: 1d}}
rfm: {recency: [30, 60, 90, 120], frequency: [2, 3, 4, 5], monetary: [10, 20, 30, 40]}
journey: [{stage: a, when: {orders: {at_least: 1}}}, {stage: b}]
traits:
  taste: {most_frequent: {of: A, property: x, within: 90d}}
  brands: {distinct: {of: A, property: x}}
  latest: {last: {of: A, property: y}}
abandonment:
  browse: {minimum_views: 900, stages: [1h, 2h, 3h]}
  cart: {stages: [1h, 1h, 1h, 1h], expires: 30d, recovered_within: 90d, on_activity: restart}
  checkout: {recovered_within: 90d}
  exit_intent: {cool_down: 0s, recovered_within: 90d}
  payment_failure: {stages: [0s, 1h], cool_down: 0s, recovered_within: 90d}
  checkout_hesitation: {on_activity: restart, cool_down: 0s, recovered_within: 90d}
  wishlist: {stages: [1h, 1h], cool_down: 0s, recovered_within: 90d}
loyalty:
  club: {earn: [{on: Order Completed, points: 1, per: 1}], tiers: {metric: points_earned, levels: [{name: a, from: 0}]}}
"""
# Messages that wait, each with what it tells of, and others that are sent and count against a cap.
MESSAGING = """
messaging:
  consent: {unknown: granted}
  arbitration: 90d
  caps: [{channel: on-site, at_most: 1000, per: 90d}, {channel: push, at_most: 1000, per: 90d}]
  holdout: {percent: 0, salt: q1}
  messages:
    told: {on: {event: A}, channel: on-site, variants: {a: 50, b: 50}}
    listed: {on: {event: Cart Viewed}, channel: on-site, priority: 1}
    left: {on: {abandonment: cart}, channel: on-site, priority: 2}
"""
LONG = "\U0001f6d2" * 300
LINK = LONG[:128]


def calls(random: Random) -> Iterator[dict[str, Any]]:
    """Calls without end, each as large as intake takes a plain one, and none like another."""

    def some(number: int) -> int:
        return random.randrange(number)

    def product() -> dict[str, Any]:
        return {"product_id": f"{some(10**6)}{LONG}", "sku": LONG, "variant": f"{some(9)}{LONG}", "name": LONG,
                "price": 1e11, "quantity": 10**11, "currency": LONG, "url": LINK, "image_url": LINK}  # fmt: skip

    def word() -> dict[str, Any]:
        purpose = f"{some(9)}{LONG[:63]}"
        return {"channel": LONG[:64], "purpose": purpose, "status": "granted", "address": f"{some(10**6)}"}

    while True:
        products = [product() for _ in range(some(60))]
        links = {"cart_url": LINK, "checkout_url": LINK}
        listing = {"order_id": f"o{some(10**6)}", "cart_id": f"{some(20)}{LONG}", "products": products, **links}
        x = random.choice([[some(10**9) for _ in range(300)], [f"{some(10**9)}{'x' * 180}" for _ in range(90)], 10**11])
        y = random.choice([LONG * 6, [some(10**9)] * 1_500, {"a": LONG}, 1.5])
        properties, name = random.choice(
            [
                ({"x": x, "y": y}, "A"),
                ({"x": x, "y": y}, "A"),
                ({"x": x}, "B"),
                (product(), "Product Viewed"),
                (product(), "Product Added to Wishlist"),
                ({"cart_id": f"{some(20)}{LONG}"}, "Exit Intent Detected"),
                ({"checkout_id": f"{some(10**6)}{LONG}", "reason": LONG}, "Payment Failed"),
                ({"checkout_id": f"{some(10**6)}{LONG}", "step": LONG}, "Checkout Step Viewed"),
                ({**product(), "cart_id": f"{some(20)}{LONG}"}, "Product Added"),
                (listing, "Cart Viewed"),
                ({**listing, "checkout_id": f"{some(10**6)}{LONG}"}, "Checkout Started"),
                (listing, "Order Completed"),
                (listing, "Order Refunded"),
                (listing, "Order Updated"),
                ({"order_id": f"o{some(10**6)}"}, "Order Cancelled"),
                (word(), "Consent Changed"),
            ]
        )
        device = {"token": f"{some(10**6)}{LONG * 3}"}
        context = {"device": device, "locale": LONG[:64]}
        yield {"type": "track", "event": name, "properties": properties, "context": context}
        if some(4) == 0:
            traits = {f"{some(2_000)}{'n' * 240}": random.choice([LONG * 6, [LONG] * 6, 1]) for _ in range(30)}
            yield {"type": "identify", "traits": traits}


@pytest.mark.parametrize("kind", CONDITIONS)
def test_a_record_stays_within_what_check_states(kind: str) -> None:
    # given a topology with one condition of this kind, and a shopper who wants its record to grow
    topology = parse(f"version: 1\nname: shop\nsegments:\n  one: {{when: {CONDITIONS[kind]}}}\n{REST}{MESSAGING}", {})
    stated, plan = account(topology)["record"], topology.plan()
    engine, intake, codec, random = Engine(plan), Intake(plan), RecordCodec(), Random(kind)
    shopper, now = Shopper(), START
    hostile = calls(random)
    for number in range(EVENTS):
        now += random.choice([1, 1_000, HOUR // 3])
        call = {"userId": "ann", "messageId": f"{number}".ljust(512, "m"), **next(hostile)}
        if random.random() < 0.3:
            call |= {"timestamp": now - random.randrange(7 * 24 * HOUR), "sentAt": now}
        # when each of its calls is taken
        (event,) = intake.accept(msgspec.json.encode(call), now)
        assert not isinstance(event, Refusal)
        engine.decide(shopper, event, now)
        # then its record is no longer than stated
        if number % 40 == 39:
            size = len(codec.encode(shopper))
            assert size <= stated["total"]
    assert size > 500_000
