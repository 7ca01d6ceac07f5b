"""Wishlists: products that were put there and lie idle since. Each product is a subject of its own."""

from typing import Any

from pipeline.domain.abandonment.browse import PRODUCT_VIEWED
from pipeline.domain.abandonment.instance import Instances
from pipeline.domain.abandonment.rule import WISHLIST, Rule
from pipeline.domain.commerce.cart import DEFAULT
from pipeline.domain.commerce.cart_line import Lines
from pipeline.domain.decision import Moment
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart, Line

ADDED = "Product Added to Wishlist"
REMOVED = "Product Removed from Wishlist"
TO_CART = "Wishlist Product Added to Cart"
WISHLIST_EVENTS = frozenset({ADDED, REMOVED, TO_CART, PRODUCT_VIEWED})


class Wishlists:
    """Takes what happens to products of wishlists. names: of the events that it takes."""

    __slots__ = ("_instances", "_rules", "_values", "names")

    def __init__(self, instances: Instances, values: Lines) -> None:
        self._instances = instances
        self._values = values
        self._rules = tuple(rule for rule in instances.rules.values() if rule.kind == WISHLIST)
        self.names = WISHLIST_EVENTS if self._rules else frozenset()

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """One of `names`. Put there, a product arms; a view of it is own activity; taken off, it is closed, and put
        into the cart it is superseded."""
        name, at = event.name, event.time
        line = self._values.view(properties, at, moment.remarks)
        subject = line.product_id or DEFAULT
        for rule in self._rules:
            if name == REMOVED:
                shopper.instances = [
                    one for one in shopper.instances if one.kind != rule.name or one.subject != subject
                ]
            elif name == TO_CART:
                self._supersede(shopper, rule, subject)
            else:
                self._desire(shopper, rule, subject, line, name == ADDED, at, moment)

    def edit(self, shopper: Shopper, at: int, cart: Cart, moment: Moment) -> None:
        """A cart was edited. Products in there are wished for no more, they are wanted."""
        for rule in self._rules:
            for line in cart.lines:
                self._supersede(shopper, rule, line.product_id)

    def _supersede(self, shopper: Shopper, rule: Rule, subject: str) -> None:
        running = self._instances.running(shopper, rule, subject)
        if running is not None:
            self._instances.supersede(shopper, rule, running)

    def _desire(
        self, shopper: Shopper, rule: Rule, subject: str, line: Line, added: bool, at: int, moment: Moment
    ) -> None:
        running = self._instances.running(shopper, rule, subject)
        if running is None:
            if added:
                self._instances.arm(shopper, rule, subject, at, "", [line], moment)
            return
        if at >= running.last_activity:
            running.lines = [line]
        self._instances.touch(shopper, rule, running, at, moment)
