"""A shopper's profile: what is known now, as a line of `profiles.ndjson`."""

from typing import Any

from pipeline.domain.commerce.order_book import of_all_time
from pipeline.domain.decide import Engine
from pipeline.domain.segments.rfm import render_scores
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.money import render


def profile(engine: Engine, shopper: Shopper, shopper_id: str) -> dict[str, Any]:
    """The profile as topology.md gives it; parts of which the topology says nothing are empty or null.

    Orders: completed, not cancelled ones; `net` is their value less refunds (readings.md, 22).
    """
    orders = of_all_time(shopper)
    currency = engine.plan.currency
    cart = engine.carts.open_cart(shopper)
    return {
        "shopper": shopper_id,
        "segments": sorted(name for name, one in shopper.memberships.items() if one.member),
        "traits": {name: one.value for name, one in shopper.traits.items() if one.value is not None},
        "computed": engine.derivations.values(shopper, shopper.now),
        "stage": (shopper.derived.stage or None) if shopper.derived is not None else None,
        "rfm": render_scores(engine.plan.rfm, shopper, shopper.now),
        "cart": engine.carts.lines.render(cart.lines if cart is not None else []),
        "orders": {
            "count": orders.count,
            "value": render(orders.value, currency),
            "net": render(orders.net, currency),
        },
        "sessions": shopper.sessions,
        "loyalty": engine.loyalty.summary(shopper),
    }
