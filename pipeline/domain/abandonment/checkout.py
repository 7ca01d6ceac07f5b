"""Checkouts that are left behind, stall at a step, or fail to be paid (readings.md, 32 and 38)."""

from typing import Any

from pipeline.domain.abandonment.instance import EXHAUSTED, WAITING, Instances
from pipeline.domain.abandonment.rule import (
    BROWSE,
    CART,
    CHECKOUT,
    HESITATION,
    OF_CHECKOUTS,
    PAYMENT_FAILURE,
    Rule,
)
from pipeline.domain.commerce.cart import CHECKOUT_STARTED, DEFAULT, Carts, find_cart
from pipeline.domain.commerce.cart_line import read_text
from pipeline.domain.decision import Moment
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart

CHECKOUT_EVENTS = frozenset(
    {CHECKOUT_STARTED, "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered"}
)

_REASONS = {HESITATION: ("step",), PAYMENT_FAILURE: ("reason", "error_code")}
"""Properties of which the first that is there says why a stage is sent."""


class Checkouts:
    """Takes steps of checkouts and failures of payments, and the edits that keep them alive.

    names: of the events that it takes.
    """

    __slots__ = ("_carts", "_failures", "_instances", "_of_checkouts", "_rules", "names")

    def __init__(self, instances: Instances, carts: Carts) -> None:
        self._instances = instances
        self._carts = carts
        self._rules = tuple(rule for rule in instances.rules.values() if rule.kind in OF_CHECKOUTS)
        self._of_checkouts = any(rule.kind == CHECKOUT for rule in self._rules)
        self._failures = frozenset(name for rule in self._rules for name in rule.events)
        self.names = CHECKOUT_EVENTS | self._failures if self._rules else frozenset()

    def take(self, shopper: Shopper, event: Event, properties: dict[str, Any], moment: Moment) -> None:
        """One of `names`. It moves the checkout that it is about; a step arms what waits for steps, a failure what
        waits for failures."""
        named = read_text(properties.get("checkout_id"))
        failure = event.name in self._failures
        if not named and (event.name == CHECKOUT_STARTED or failure):
            named = read_text(properties.get("order_id"))
        cart_id = self._carts.named(shopper, event.name, properties)
        for rule in self._rules:
            arms = event.name in (rule.events or CHECKOUT_EVENTS)
            if not arms and event.name not in CHECKOUT_EVENTS:
                continue
            running = [one for its, one in self._instances.live(shopper, rule.kind) if its is rule]
            current = running[-1] if running else None
            if current is not None and named in ("", current.subject):
                current.cart_id = cart_id
                if arms and event.time >= current.last_step:
                    current.reason = _reason(rule, properties)
                current.last_step = max(current.last_step, event.time)
                self._instances.touch(shopper, rule, current, event.time, moment)
            elif arms and (current is None or event.time >= current.last_step):
                subject = named or read_text(properties.get("order_id")) or DEFAULT
                self._begin(shopper, rule, subject, event.time, cart_id, properties, moment)

    def edit(self, shopper: Shopper, at: int, cart: Cart, moment: Moment) -> None:
        """A cart was edited at event time `at`, ms."""
        for kind in OF_CHECKOUTS:
            for rule, checkout in self._instances.live(shopper, kind):
                self._instances.touch(shopper, rule, checkout, at, moment)

    def hold_back_carts(self, shopper: Shopper, now: int) -> bool:
        """Whether a live or exhausted checkout keeps edits from arming a cart; it closes `recovered_within` after the
        last stage."""
        if not self._of_checkouts:
            return False
        for instance in shopper.instances:
            rule = self._instances.rules.get(instance.kind)
            if rule is not None and rule.kind == CHECKOUT:
                if instance.state <= WAITING:
                    return True
                if instance.state == EXHAUSTED and now < rule.closes(instance):
                    return True
        return False

    def _begin(
        self,
        shopper: Shopper,
        rule: Rule,
        subject: str,
        at: int,
        cart_id: str,
        properties: dict[str, Any],
        moment: Moment,
    ) -> None:
        """Arm it, which supersedes older ones of its rule, and if it is a checkout all carts and browsing."""
        instances = self._instances
        cart = find_cart(shopper.carts, cart_id)
        armed = instances.arm(shopper, rule, subject, at, cart_id, cart.lines if cart is not None else [], moment)
        if armed is None:
            return
        armed.reason = _reason(rule, properties)
        for its, one in instances.live(shopper, rule.kind):
            if its is rule and one is not armed:
                instances.supersede(shopper, rule, one)
        if rule.kind == CHECKOUT:
            instances.supersede_kind(shopper, CART)
            instances.supersede_kind(shopper, BROWSE)


def _reason(rule: Rule, properties: dict[str, Any]) -> str:
    return next((text for key in _REASONS.get(rule.kind, ()) if (text := read_text(properties.get(key)))), "")
