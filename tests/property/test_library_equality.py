"""Every standard segment, included with short windows, over random streams: the engine says what the oracle says of the
conditions written out."""

import os
from random import Random
from typing import Any

import pytest

from pipeline.config.library import names
from tests.oracle.agreement import differences
from tests.oracle.engine_run import run
from tests.oracle.oracle import expect
from tests.oracle.random_stream import CATEGORIES, Stream
from tests.scenarios.scenario import written_out

SEEDS = int(os.environ.get("AFTERCLICK_SEEDS", "250")) // 10
UNTIL = "2026-04-15T00:00:00Z"

SHORT: dict[str, dict[str, Any]] = {
    "at-risk": {"orders": 1, "silent": "1d", "lapsed": "3d"},
    "big-cart": {"value": 20},
    "birthday-month": {"trait": "joined_at"},
    "cart-abandoners": {"idle": "30m", "forget": "1d"},
    "category-affinity": {"category": ["Shoes", "Hats"], "within": "4h", "views": 2, "bought": "1d"},
    "champions": {"within": "3d", "orders": 2, "spend": 30, "recent": "1d"},
    "discount-seekers": {"within": "2d", "orders": 1},
    "engaged-anonymous": {"within": "1h", "events": 2, "trait": "plan"},
    "full-price-buyers": {"within": "2d"},
    "high-refund-rate": {"within": "2d"},
    "lapsed": {"after": "1d"},
    "loyal": {"within": "2d", "orders": 2},
    "new": {"of": "*", "within": "4h"},
    "one-time-buyers": {"after": "4h"},
    "seasonal": {"months": [1, 6], "within": "30d", "orders": 1},
    "vip-slipping": {"within": "3d", "spend": 30, "silent": "1d"},
    "window-shoppers": {"within": "4h", "views": 2, "no_order": "1h"},
}
TOPOLOGY: dict[str, Any] = {
    "shop": {"timezone": "Europe/Berlin", "currency": "EUR", "exchange_rates": {"USD": 0.92}},
    "segments": {name: {"library": name, "with": given} for name, given in SHORT.items()},
}


def stream(random: Random) -> list[dict[str, Any]]:
    """A random stream whose orders say categories, and a discount by their number."""
    calls = Stream(random, several_carts=False).draw(random.randint(20, 60))
    for call in calls:
        properties = call.get("properties", {})
        number = str(properties.get("order_id", "x"))[1:]
        if call.get("event") == "Order Completed" and number.isdigit() and number != "999":
            discount = (None, 0, 1.5, "2.00")[int(number) % 4]
            properties |= {} if discount is None else {"discount": discount}
            for product in properties["products"]:
                product["category"] = CATEGORIES.get(product["product_id"])
    return calls


def test_every_standard_segment_is_looked_at() -> None:
    assert sorted(SHORT) == list(names())


@pytest.mark.parametrize("seed", range(SEEDS))
def test_engine_and_oracle_agree_on_the_library(seed: int) -> None:
    events = stream(Random(seed))

    got, expected = run(events, TOPOLOGY, UNTIL), expect(events, written_out(TOPOLOGY), UNTIL)

    assert differences(expected.topics, got.topics) == []


def test_streams_lead_into_every_standard_segment_and_out_of_it() -> None:
    changes: set[tuple[str, str]] = set()
    for seed in range(60):
        lines = run(stream(Random(seed)), TOPOLOGY, UNTIL).topics["segment-changes"]
        changes |= {(line["segment"], line["change"]) for line in lines}
    assert {(name, change) for name in SHORT for change in ("entered", "exited")} - changes == set()
