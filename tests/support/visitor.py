"""A visitor: one shopper who views, fills carts, checks out and orders, through the folds and the abandonment rules."""

from collections.abc import Callable
from itertools import count
from typing import Any

import msgspec

from pipeline.domain.abandonment.abandonment import Abandonment
from pipeline.domain.abandonment.rule import Guard
from pipeline.domain.abandonment_definition import AbandonmentDefinition
from pipeline.domain.commerce.cart import CART_EVENTS, Carts
from pipeline.domain.commerce.order import ORDER_EVENTS, Orders
from pipeline.domain.decision import KIND_EVENT, KIND_TIMER, Decision, Moment
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.value.instant import DAY, HOUR

# 1 March 2026, 00:00 UTC.
START = 1_772_323_200_000
MINUTE = 60_000

_STAGES = {"browse": (HOUR,), "cart": (4 * HOUR, 24 * HOUR, 72 * HOUR), "checkout": (HOUR, 24 * HOUR, 72 * HOUR)}


def rule(kind: str, name: str | None = None, **more: Any) -> AbandonmentDefinition:
    """A rule with the defaults of its kind (readings.md, 31 and 50)."""
    browse = kind == "browse"
    settings: dict[str, Any] = {
        "stages": _STAGES[kind],
        "identity": f"{name or kind}@1",
        "subject": "product" if browse else kind,
        "minimum_value": 1,
        "minimum_views": 1,
        "cool_down": (14 if browse else 7) * DAY,
        "expires": 10 * DAY,
        "recovered_within": 5 * DAY,
        "after_purchase": (10 if browse else 3) * DAY,
        **more,
    }
    return AbandonmentDefinition(name=name or kind, kind=kind, **settings)


def product(product_id: str | None = None, price: Any = None, quantity: Any = None, **more: Any) -> dict[str, Any]:
    given = {"product_id": product_id, "price": price, "quantity": quantity, **more}
    return {key: value for key, value in given.items() if value is not None}


class Visitor:
    """Instants are ms after START; `at` is the event time, `received` when it arrives (default: at once)."""

    def __init__(
        self,
        *rules: AbandonmentDefinition,
        guard: Callable[[Condition], Guard] | None = None,
        **plan: Any,
    ) -> None:
        self.plan = Plan(name="shop", digest="1", abandonments=rules, **plan)
        self.carts = Carts(self.plan)
        self.orders = Orders(self.plan)
        self.policy = Abandonment(self.plan, self.carts, guard or (lambda condition: lambda shopper, now: True))
        self.shopper = Shopper(sessions=1)
        self.decisions: list[Decision] = []
        self.remarks: list[str] = []
        self._messages = count(1)

    def view(self, product_id: str | None = "a", price: Any = 10, at: int = 0, **more: Any) -> None:
        self.do("Product Viewed", at, **product(product_id, price), **more)

    def add(self, product_id: str | None = "a", price: Any = 10, at: int = 0, **more: Any) -> None:
        self.do("Product Added", at, **product(product_id, price), **more)

    def remove(self, product_id: str | None = "a", at: int = 0, **more: Any) -> None:
        self.do("Product Removed", at, **product(product_id), **more)

    def cart(self, *products: dict[str, Any], at: int = 0, **more: Any) -> None:
        self.do("Cart Viewed", at, products=list(products), **more)

    def checkout(self, *products: dict[str, Any], at: int = 0, **more: Any) -> None:
        self.do("Checkout Started", at, products=list(products), **more)

    def order(self, order_id: str = "o1", *products: dict[str, Any], at: int = 0, **more: Any) -> None:
        self.do("Order Completed", at, order_id=order_id, products=list(products), total=100, **more)

    def do(
        self, event_name: str, at: int, /, received: int | None = None, call: str = "track", **properties: Any
    ) -> None:
        """Take one event, after the timers that are due by its received time."""
        now = max(START + (at if received is None else received), self.shopper.now)
        self.pass_time(now - START)
        self.shopper.now = now
        raw = msgspec.Raw(msgspec.json.encode(properties))
        event = Event(call, event_name, "kim", START + at, now, f"m-{next(self._messages)}", properties=raw)
        moment = self._moment(KIND_EVENT, event.message_id)
        changes = self.orders.fold(self.shopper, event, properties, moment) if event_name in ORDER_EVENTS else []
        repeated = any(change.kind == "duplicate" for change in changes)
        cart = None
        if event_name in CART_EVENTS:
            cart = self.carts.fold(self.shopper, event, properties, moment, repeated)
        if event_name in self.policy.names or "*" in self.policy.names:
            self.policy.on_event(self.shopper, event, properties, moment, cart, changes)

    def pass_time(self, until: int) -> None:
        """Fire every timer due by `until`, each at its own instant, as the engine does. The record is written to its
        bytes and read back on the way, as between two batches."""
        while 0 < self.shopper.abandonment_due <= START + until:
            due = self.shopper.abandonment_due
            assert due >= self.shopper.now, "a timer in the past"
            self.shopper = msgspec.msgpack.decode(msgspec.msgpack.encode(self.shopper), type=Shopper)
            self.shopper.now = due
            self.policy.on_due(self.shopper, self._moment(KIND_TIMER, None))
            assert self.shopper.abandonment_due != due, "a timer that does not move on"

    def lines(self) -> list[tuple[str, int, int]]:
        """(change, stage, effective_at in ms after START) of every trigger so far."""
        return [(one.fields["change"], one.fields["stage"], one.effective_at - START) for one in self.decisions]

    def told(self) -> list[tuple[str, str, str, int]]:
        """(kind, subject, change, stage) of every trigger so far."""
        fields = [one.fields for one in self.decisions]
        return [(one["kind"], one["subject"], one["change"], one["stage"]) for one in fields]

    def contents(self, cart_id: str = "default") -> dict[str, int]:
        """Pieces by product, with the variant where there is one, of a cart."""
        for cart in self.shopper.carts:
            if cart.cart_id == cart_id:
                return {
                    f"{line.product_id}/{line.variant}" if line.variant else line.product_id: line.quantity
                    for line in cart.lines
                }
        return {}

    def total(self) -> int:
        """Value of the open cart, minor units."""
        cart = self.carts.open_cart(self.shopper)
        return 0 if cart is None else self.carts.total(cart)

    def _moment(self, kind: str, message_id: str | None) -> Moment:
        return Moment("shop", "kim", self.shopper.now, kind, message_id, self.decisions, self.remarks)
