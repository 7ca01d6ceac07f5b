"""Abandonment triggers of one shopper, instant by instant (semantics.md part 4; readings.md, 30 to 39, 50 to 52)."""

from typing import Any

from tests.oracle.carts import DEFAULT, Cart, Carts, Line, apply, cart_of, carts, payload
from tests.oracle.history import Record, visits
from tests.oracle.instances import (
    CHECKOUTS,
    CLOSED,
    EXHAUSTED,
    LIVE,
    PRODUCTS,
    SUPERSEDED,
    WAITING,
    Contents,
    Instance,
    Rule,
    Views,
    contents,
    subject_of_view,
    viewed,
    why,
)
from tests.oracle.links import Links, back
from tests.oracle.segments import Facts, truth
from tests.oracle.values import Shop

CHECKOUT_STEPS = ("Checkout Started", "Checkout Step Viewed", "Checkout Step Completed", "Payment Info Entered")
WISHED, UNWISHED, TAKEN = "Product Added to Wishlist", "Product Removed from Wishlist", "Wishlist Product Added to Cart"
RANK = ["checkout", "cart", "browse", "exit_intent", "checkout_hesitation", "payment_failure", "wishlist"]
CART_EDITS = ("Cart Viewed", "Product Added", "Product Removed")


class Abandonment:
    def __init__(self, topology: dict[str, Any]) -> None:
        self.shop = Shop(topology)
        entries = (topology.get("abandonment") or {}).items()
        rules = [Rule(name, entry or {}, self.shop) for name, entry in entries]
        self.rules = sorted(rules, key=lambda rule: RANK.index(rule.kind))
        self.instances: list[Instance] = []
        self.views: dict[str, Views] = {rule.name: Views() for rule in self.rules}
        self.last_stage: dict[str, Contents] = {}
        self.lines: list[dict[str, Any]] = []
        # Number of the visit that the present record is part of.
        self.visit = 0

    def due(self) -> int | None:
        """The next instant at which a live instance has to be looked at."""
        return min((min(one.due, one.expiry) for one in self.instances if one.live), default=None)

    def record(self, record: Record, earlier: list[Record], facts: Facts) -> None:
        """Apply a record that its shopper's `earlier` records don't know yet; `facts` already has it."""
        before = carts(earlier)
        if not record.late_triggers:
            if record.name == "Order Completed":
                if not record.copy:
                    self._order(record, before)
            else:
                self._activity(record, before, facts)
        self.fire(facts)

    def fire(self, facts: Facts) -> None:
        """Send and expire all that is due by now, in order of due; a stage before an expiry at the same instant."""
        while True:
            waiting = [one for one in self.instances if one.live and min(one.due, one.expiry) <= facts.now]
            if not waiting:
                return
            one = min(waiting, key=lambda one: min(one.due, one.expiry))
            if one.due <= one.expiry:
                self._stage(one, facts)
            else:
                self.end(one, CLOSED)

    def _stage(self, one: Instance, facts: Facts) -> None:
        lines = self._lines_of(one, facts.carts)
        if self._forbidden(one, lines, facts):
            self.end(one, CLOSED)
            return
        if not one.stages:
            one.since = one.last_activity
        one.stages.append(facts.now)
        self.last_stage[one.rule.name] = Contents(facts.now, contents(lines))
        cart = {**self._cart(one, lines), **self._way_back(one, facts.carts)}
        self._line(one, "abandoned", len(one.stages), cart, facts.now, None)
        if len(one.stages) == len(one.rule.stages):
            self.end(one, EXHAUSTED)
        else:
            one.state = WAITING
            one.planned = facts.now + one.rule.stages[len(one.stages)]

    def _forbidden(self, one: Instance, lines: list[Line], facts: Facts) -> bool:
        rule = one.rule
        bought = [order.time for order in facts.orders.values() if order.counts]
        return (
            (rule.kind == "cart" and not lines)
            or (rule.when is not None and not truth(rule.when, facts))
            or (rule.unless is not None and truth(rule.unless, facts))
            or sum(line.worth(self.shop) for line in lines) < rule.minimum_value
            or (bool(bought) and facts.now - max(bought) < rule.after_purchase)
        )

    def _activity(self, record: Record, before: Carts, facts: Facts) -> None:
        self.visit = visits(facts.records)
        edited = apply(before, record)
        edit = edited and record.name != "Checkout Started"
        checkout = record.name in CHECKOUT_STEPS
        touched = [one for one in self.instances if one.live and self._is_own(one, record, edit, facts)]
        newer = [one for one in touched if record.time > one.last_activity]
        for one in touched:
            shown = ("Product Viewed", WISHED) if one.rule.kind == "wishlist" else ("Product Viewed",)
            seen = record.name in shown and one.subject == self._subject(one.rule, record)
            its_own = self._arms(one.rule, record) and one.subject == self._checkout(one.rule, record)
            if its_own and record.time >= one.last_step:
                one.reason = why(one.rule, record)
            if one.product is not None and seen and record.time >= one.last_activity:
                one.product = viewed(record)
            one.touch(record.time)
        if edited:
            self._clear(cart_of(record), facts)
        if edit:
            for one in self._live("browse"):
                self.end(one, SUPERSEDED)
        self._unwish(record, edit, facts)
        for rule in self.rules:
            if rule.kind in CHECKOUTS and (checkout or record.name in rule.events):
                self._reach_checkout(rule, record, facts)
            elif rule.kind == "exit_intent" and record.name in rule.events:
                self._arm(rule, self._cart_id(rule, record, facts), record, facts)
            elif rule.kind == "wishlist" and record.name == WISHED:
                self._arm(rule, subject_of_view(record), record, facts)
            elif rule.kind == "cart" and edit and cart_of(record) in facts.carts:
                self._arm(rule, cart_of(record), record, facts)
            elif rule.kind == "browse" and record.name == "Product Viewed":
                self._view(rule, record, facts)
        for one in newer:
            if one.state == WAITING and one.rule.on_activity == "restart":
                self.end(one, SUPERSEDED)
                self._arm(one.rule, one.subject, record, facts, restarted=one)

    def _is_own(self, one: Instance, record: Record, edit: bool, facts: Facts) -> bool:
        if one.rule.any_activity and record.behaviour:
            return True
        if one.rule.kind == "cart":
            return edit and one.subject == cart_of(record)
        if one.rule.kind in CHECKOUTS:
            steps = (*CHECKOUT_STEPS, *one.rule.events)
            return edit or (record.name in steps and one.subject == self._checkout(one.rule, record))
        if one.rule.kind == "exit_intent":
            if record.name in one.rule.events and one.subject == self._cart_id(one.rule, record, facts):
                return True
            return edit and one.subject == cart_of(record)
        if one.rule.kind == "wishlist" and record.name == WISHED:
            return one.subject == subject_of_view(record)
        return record.name == "Product Viewed" and one.subject == self._subject(one.rule, record)

    def _subject(self, rule: Rule, record: Record) -> str:
        return str(self.visit) if rule.of_visits else subject_of_view(record)

    def _arms(self, rule: Rule, record: Record) -> bool:
        """Whether such an event arms a rule about checkouts."""
        return rule.kind in CHECKOUTS and record.name in (rule.events or CHECKOUT_STEPS)

    def _unwish(self, record: Record, edit: bool, facts: Facts) -> None:
        """What is taken off a wishlist is closed, what is in the cart now is wished for no more."""
        carted = {key[0] for key in facts.carts[cart_of(record)].lines} if edit else set()
        if record.name == TAKEN:
            carted.add(subject_of_view(record))
        for one in self.instances:
            if one.rule.kind != "wishlist" or one.state == CLOSED:
                continue
            if record.name == UNWISHED and one.subject == subject_of_view(record):
                self.end(one, CLOSED)
            elif one.live and one.subject in carted:
                self.end(one, SUPERSEDED)

    def _cart(self, one: Instance, lines: list[Line]) -> dict[str, Any]:
        cart = payload(lines, self.shop)
        if self.shop.free_shipping is not None and one.rule.kind not in PRODUCTS:
            lacking = self.shop.free_shipping - sum(line.worth(self.shop) for line in lines)
            cart["gap_to_free_shipping"] = self.shop.money(max(0, lacking))
        return cart

    def _way_back(self, one: Instance, found: Carts) -> Links:
        known = {} if one.product is not None else found.get(one.cart_id, Cart()).links
        return back(known, one.rule.kind in CHECKOUTS, self.shop)

    def _clear(self, cart_id: str, facts: Facts) -> None:
        """An emptied cart closes what hangs on it."""
        if facts.carts[cart_id].lines:
            return
        for one in self.instances:
            if one.state != CLOSED and one.rule.kind not in PRODUCTS and one.cart_id == cart_id:
                self.end(one, CLOSED)

    def _reach_checkout(self, rule: Rule, record: Record, facts: Facts) -> None:
        subject = self._checkout(rule, record)
        older = [one for one in self._live(rule.kind) if one.rule is rule and one.subject != subject]
        for one in self._live(rule.kind):
            if one.rule is rule and one.subject == subject:
                one.cart_id = self._cart_id(rule, record, facts)
                one.last_step = max(one.last_step, record.time)
        # Edits and other activity keep a checkout alive; which of two is the newer one, their own steps tell.
        if any(record.time < one.last_step for one in older):
            return
        if self._arms(rule, record) and self._arm(rule, subject, record, facts):
            outranked = [*self._live("cart"), *self._live("browse")] if rule.kind == "checkout" else []
            for one in [*older, *outranked]:
                self.end(one, SUPERSEDED)

    def _checkout(self, rule: Rule, record: Record) -> str:
        """The checkout that a step or a failure is about: one that names none means the one that is running. Of a step
        the order is no name of it, save where it begins."""
        order = record.properties.get("order_id")
        begins = record.name == "Checkout Started" or any(record.name in one.events for one in self.rules)
        named = record.properties.get("checkout_id") or (order if begins else None)
        running = [one.subject for one in self._live(rule.kind) if one.rule is rule]
        return str(named or (running[-1] if running else None) or order or DEFAULT)

    def _view(self, rule: Rule, record: Record, facts: Facts) -> None:
        subject = self._subject(rule, record)
        if any(one.live and one.rule is rule and one.subject == subject for one in self.instances):
            return
        if self.views[rule.name].add(subject, record) >= rule.minimum_views:
            self._arm(rule, subject, record, facts)

    def _arm(self, rule: Rule, subject: str, record: Record, facts: Facts, restarted: Instance | None = None) -> bool:
        if any(one.live and one.rule is rule and one.subject == subject for one in self.instances):
            return False
        if any(record.time < order.completed.time for order in facts.orders.values() if order.completed):
            return False
        number = 1 + sum(1 for one in self.instances if one.rule is rule)
        one = Instance(
            rule, subject, number, record.time, last_step=record.time, cart_id=self._cart_id(rule, record, facts)
        )
        if rule.kind in PRODUCTS:
            one.product = viewed(record)
        if self._arms(rule, record):
            one.reason = why(rule, record)
        if restarted is not None:
            one.cart_id, one.product, one.reason = restarted.cart_id, restarted.product, restarted.reason
        lines = self._lines_of(one, facts.carts)
        last = self.last_stage.get(rule.name)
        cooling = last is not None and facts.now - last.at < rule.cool_down and last.lines == contents(lines)
        if (cooling and restarted is None) or self._outranked(rule, facts.now) or (rule.kind == "cart" and not lines):
            return False
        self.instances.append(one)
        return True

    def _cart_id(self, rule: Rule, record: Record, facts: Facts) -> str:
        """A checkout that names no cart is one of the open cart, and so is leaving the page."""
        of_open_cart = rule.kind in CHECKOUTS or (rule.kind == "exit_intent" and record.name not in CART_EDITS)
        if of_open_cart and not record.properties.get("cart_id"):
            return facts.carts.open()
        return cart_of(record)

    def _outranked(self, rule: Rule, now: int) -> bool:
        for one in self.instances:
            if one.rule.kind == "checkout" and rule.kind == "cart":
                if one.live or (one.state == EXHAUSTED and one.open_for_recovery(now)):
                    return True
            elif rule.kind == "browse" and one.rule.kind in ("cart", "checkout") and one.live:
                return True
        return False

    def _order(self, order: Record, before: Carts) -> None:
        """Every open instance ends: stages not before the order are taken back, else it is recovered or just closed."""
        for one in self.instances:
            if one.state == CLOSED or (not one.live and one.passed(order.time)):
                continue
            stand = [at for at in one.stages if at < order.time]
            cart = self._cart(one, self._lines_of(one, before))
            if len(stand) < len(one.stages):
                self._line(one, "retracted", len(one.stages), cart, order.received, order, retracted=len(stand))
            if stand and order.time <= stand[-1] + one.rule.recovered_within:
                self._line(one, "recovered", len(stand), cart, order.received, order)
            self.end(one, CLOSED)

    def _live(self, kind: str) -> list[Instance]:
        return [one for one in self.instances if one.state in LIVE and one.rule.kind == kind]

    def end(self, one: Instance, state: str) -> None:
        if one.live:
            self.views[one.rule.name].forget(one.subject)
        one.state = state

    def _lines_of(self, one: Instance, found: Carts) -> list[Line]:
        if one.product is not None:
            return [one.product]
        return list(found.get(one.cart_id, Cart()).lines.values())

    def _line(
        self,
        one: Instance,
        change: str,
        stage: int,
        cart: dict[str, Any],
        at: int,
        order: Record | None,
        retracted: int | None = None,
    ) -> None:
        """`retracts` names stages of the instance; the ids are the engine's to make."""
        self.lines.append(
            {
                "effective_at": at,
                "cause": order.message_id if order else None,
                "kind": one.rule.name,
                "subject": one.subject,
                "instance": one.number,
                "change": change,
                "stage": stage,
                "of": len(one.rule.stages),
                "abandoned_since": one.since,
                "cart": cart,
                "reason": one.reason if change == "abandoned" else None,
                "retracts": [] if retracted is None else list(range(retracted + 1, len(one.stages) + 1)),
                "order_id": (order.order_id or order.message_id) if order else None,
            }
        )
