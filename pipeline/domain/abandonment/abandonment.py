"""Abandonment: what was left behind, and when to say so (semantics.md, part 4; readings.md, 30-39 and 50-52).

The policy routes what happens to the instances: edits, views, checkout steps and orders move them, time sends their
stages. Precedence: checkout over cart over browse; the other kinds supersede nothing.
"""

from collections.abc import Callable
from typing import Any

from pipeline.domain.abandonment.browse import Browsing
from pipeline.domain.abandonment.checkout import CHECKOUT_EVENTS, Checkouts
from pipeline.domain.abandonment.exit_intent import ExitIntents
from pipeline.domain.abandonment.instance import (
    EXHAUSTED,
    WAITING,
    Instances,
    cooldown_of,
    last_purchase,
)
from pipeline.domain.abandonment.recovery import Purchase, Recovery
from pipeline.domain.abandonment.rule import BROWSE, CART, Guard, Rule
from pipeline.domain.abandonment.trigger import Triggers
from pipeline.domain.abandonment.union import Lost, Union
from pipeline.domain.abandonment.wishlist import Wishlists
from pipeline.domain.commerce.cart import CART_EVENTS, CartChange, Carts, find_cart
from pipeline.domain.commerce.cart_line import fingerprint
from pipeline.domain.commerce.order import COMPLETED, DUPLICATE, OrderChange
from pipeline.domain.decision import KIND_TIMER, Moment
from pipeline.domain.definition import Condition, Plan
from pipeline.domain.event import Event
from pipeline.domain.shopper import Shopper
from pipeline.domain.shopping import Cart, Instance


class Abandonment:
    """The policy over all abandonment rules of a plan.

    names: names of the events it reacts to; `*` among them stands for all behaviour (some rule resets on any activity).
    """

    __slots__ = (
        "_any_activity",
        "_browsing",
        "_by_name",
        "_cart_rules",
        "_carts",
        "_checkouts",
        "_edited",
        "_instances",
        "_late",
        "_recovery",
        "_rules",
        "_triggers",
        "_union",
        "names",
    )

    def __init__(self, plan: Plan, carts: Carts, guard: Callable[[Condition], Guard]) -> None:
        """guard: compiles a condition to (shopper, now in ms) -> true now?"""
        rules = [Rule(definition, guard) for definition in plan.abandonments]
        self._carts = carts
        self._late = plan.late_triggers
        self._instances = Instances(rules, plan.late_triggers)
        self._rules = self._instances.rules
        self._cart_rules = tuple(rule for rule in self._rules.values() if rule.kind == CART)
        self._union = Union(self._instances)
        self._triggers = Triggers(carts.lines, plan.free_shipping_from)
        self._recovery = Recovery(self._rules, self._triggers)
        self._browsing = Browsing(self._instances, carts.lines)
        self._checkouts = Checkouts(self._instances, carts)
        exit_intents, wishlists = ExitIntents(self._instances, carts), Wishlists(self._instances, carts.lines)
        self._edited = tuple(kind for kind in (self._checkouts, exit_intents, wishlists) if kind.names)
        self._by_name: dict[str, list[Browsing | Wishlists | ExitIntents]] = {}
        for kind in (self._browsing, wishlists, exit_intents):
            for name in kind.names:
                self._by_name.setdefault(name, []).append(kind)
        self._any_activity = any(rule.any_activity for rule in rules)
        names: set[str] = set()
        if rules:
            names |= CART_EVENTS | CHECKOUT_EVENTS | self._checkouts.names | self._by_name.keys()
        if self._any_activity:
            names.add("*")
        self.names = frozenset(names)

    def on_event(
        self,
        shopper: Shopper,
        event: Event,
        properties: dict[str, Any],
        moment: Moment,
        cart_change: CartChange | None,
        order_changes: list[OrderChange],
    ) -> None:
        """Apply an event that is folded already. Later than `time.late.triggers` it neither arms nor ends anything.

        A stage that is past due as soon as its timer is set is sent at once, at moment.now, with cause timer.
        """
        at = event.time
        if moment.now - at > self._late:
            return
        for change in order_changes:
            if change.kind == COMPLETED and shopper.instances:
                before = cart_change.before if cart_change is not None else {}
                self._recovery.conclude(shopper, Purchase(at, change.order_id, properties, before), moment)
        edited = None
        if cart_change is not None and cart_change.cart is not None:
            edited = cart_change.cart if cart_change.edited else None
            if edited is not None and self._browsing.names:
                self._instances.supersede_kind(shopper, BROWSE)
            if cart_change.emptied:
                self._clear(shopper, cart_change.cart.cart_id)
        if event.name in self._checkouts.names:
            self._checkouts.take(shopper, event, properties, moment)
        if edited is not None:
            self._edit(shopper, at, edited, moment)
        for kind in self._by_name.get(event.name, ()):
            kind.take(shopper, event, properties, moment)
        if self._any_activity and not any(change.kind == DUPLICATE for change in order_changes):
            self._stay(shopper, at, moment)
        self._keep_due(shopper)
        if 0 < shopper.abandonment_due <= moment.now:
            past = Moment(
                moment.tenant,
                moment.shopper,
                moment.now,
                KIND_TIMER,
                None,
                moment.decisions,
                moment.remarks,
                moment.silent,
                moment.letters,
                moment.epoch,
            )
            self.on_due(shopper, past)

    def on_due(self, shopper: Shopper, moment: Moment) -> None:
        """Look at every instance due by moment.now, which is the due instant: send stages, expire, close."""
        now = moment.now
        instances = shopper.instances
        shopper.instances = [one for one in instances if one.due > now or self._ring(shopper, one, moment)]
        self._keep_due(shopper)

    def adopt(self, shopper: Shopper) -> None:
        """Take the record over from another plan: instances of rules that are gone are closed, silently, and the
        others move to the delays of now."""
        shopper.instances = [one for one in shopper.instances if one.kind in self._rules]
        shopper.views = [one for one in shopper.views if one.kind in self._rules]
        for instance in shopper.instances:
            rule = self._rules[instance.kind]
            if instance.state <= WAITING and len(instance.stage_times) < len(rule.delays):
                rule.schedule(instance)
            else:
                self._instances.rest(rule, instance, max(instance.state, EXHAUSTED))
        self._keep_due(shopper)

    def join(
        self, shopper: Shopper, other: Shopper, lost: Lost, purchases: tuple[int, int], moment: Moment
    ) -> dict[str, str]:
        """Take in what the record of another id of the same person keeps: see Union.join."""
        renamed = self._union.join(shopper, other, lost, purchases, moment)
        self._keep_due(shopper)
        return renamed

    def _ring(self, shopper: Shopper, instance: Instance, moment: Moment) -> bool:
        """What its due instant means to one instance; False if it is closed."""
        rule, now = self._rules.get(instance.kind), moment.now
        if rule is None or instance.state > WAITING:
            return False
        while (due := rule.stage_due(instance)) <= now and due <= rule.expiry(instance):
            cart = None if instance.lines else find_cart(shopper.carts, instance.cart_id)
            lines = cart.lines if cart is not None else instance.lines
            purchase = last_purchase(shopper, cancelled=False)
            if rule.forbids(shopper, lines, self._carts.lines, purchase, now):
                return False
            self._triggers.emit_stage(moment, rule, instance, cart, lines)
            cooldown = cooldown_of(shopper, rule.name)
            cooldown.last_stage, cooldown.contents = now, fingerprint(lines)
            if len(instance.stage_times) == len(rule.delays):
                self._instances.rest(rule, instance, EXHAUSTED)
                return True
            instance.state = WAITING
        rule.schedule(instance)
        return rule.expiry(instance) > now

    def _clear(self, shopper: Shopper, cart_id: str) -> None:
        """A cart was emptied: whatever was about it is closed (readings.md, 51)."""
        shopper.instances = [one for one in shopper.instances if one.cart_id != cart_id]

    def _edit(self, shopper: Shopper, at: int, cart: Cart, moment: Moment) -> None:
        """An edit is own activity of its cart and of a checkout. It arms an idle cart, unless it left no lines or a
        checkout is on (readings.md, 32 and 38)."""
        instances, cart_id = self._instances, cart.cart_id
        for kind in self._edited:
            kind.edit(shopper, at, cart, moment)
        for rule in self._cart_rules:
            running = instances.running(shopper, rule, cart_id)
            if running is not None:
                instances.touch(shopper, rule, running, at, moment)
            elif cart.lines and not self._checkouts.hold_back_carts(shopper, moment.now):
                instances.arm(shopper, rule, cart_id, at, cart_id, cart.lines, moment)

    def _stay(self, shopper: Shopper, at: int, moment: Moment) -> None:
        """Any behaviour is activity to some rules; a further copy of an order is none, it was told before."""
        for instance in list(shopper.instances):
            rule = self._rules.get(instance.kind)
            if rule is not None and rule.any_activity and instance.state <= WAITING:
                self._instances.touch(shopper, rule, instance, at, moment)

    def _keep_due(self, shopper: Shopper) -> None:
        due = 0
        for instance in shopper.instances:
            if due == 0 or instance.due < due:
                due = instance.due
        shopper.abandonment_due = due
