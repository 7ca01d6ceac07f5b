"""Exit intent: the shopper is about to leave the page with a cart (readings.md, 39)."""

from typing import Any

from pipeline.domain.abandonment.instance import Instances
from pipeline.domain.abandonment.rule import EXIT_INTENT
from pipeline.domain.commerce.cart import Carts, find_cart
from pipeline.domain.decision import Moment
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart


class ExitIntents:
    """Takes events that say so. It supersedes nothing and keeps nothing from arming. names: of those events."""

    __slots__ = ("_carts", "_instances", "_rules", "names")

    def __init__(self, instances: Instances, carts: Carts) -> None:
        self._instances = instances
        self._carts = carts
        self._rules = tuple(rule for rule in instances.rules.values() if rule.kind == EXIT_INTENT)
        self.names = frozenset(name for rule in self._rules for name in rule.events)

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """One of `names`. Without a cart_id it means the open cart."""
        name, at = event.name, event.time
        cart_id = self._carts.named(shopper, name, properties)
        for rule in self._rules:
            if name not in rule.events:
                continue
            running = self._instances.running(shopper, rule, cart_id)
            if running is not None:
                self._instances.touch(shopper, rule, running, at, moment)
                continue
            cart = find_cart(shopper.carts, cart_id)
            lines = cart.lines if cart is not None else []
            self._instances.arm(shopper, rule, cart_id, at, cart_id, lines, moment)

    def edit(self, shopper: Shopper, at: int, cart: Cart, moment: Moment) -> None:
        """That cart was edited at event time `at`, ms."""
        for rule in self._rules:
            running = self._instances.running(shopper, rule, cart.cart_id)
            if running is not None:
                self._instances.touch(shopper, rule, running, at, moment)
