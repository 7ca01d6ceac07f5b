"""Triggers: the lines of `abandonment-triggers` (topology.md, "Outputs"). Every field is always there."""

from typing import Any

from pipeline.domain.abandonment.rule import OF_CHECKOUTS, OF_PRODUCTS, Rule
from pipeline.domain.commerce.cart_line import Lines
from pipeline.domain.decision import ABANDONMENT_TRIGGERS, Decision, Moment
from pipeline.domain.shopping import Cart, Instance, Line
from pipeline.domain.value.money import render

ABANDONED, RECOVERED, RETRACTED = "abandoned", "recovered", "retracted"


class Triggers:
    """Decides triggers. free_shipping_from: minor units of a cart that is shipped free; None: nobody said."""

    __slots__ = ("_free_shipping_from", "_values")

    def __init__(self, values: Lines, free_shipping_from: int | None) -> None:
        self._values = values
        self._free_shipping_from = free_shipping_from

    def emit(
        self,
        moment: Moment,
        rule: Rule,
        instance: Instance,
        change: str,
        stage: int,
        lines: list[Line],
        reason: str | None = None,
        link: str = "",
        retracts: list[str] | None = None,
        order_id: str | None = None,
    ) -> Decision:
        """Decide one trigger. lines: what was left. link: where it is found, "" = unknown; of stages only. retracts and
        order_id: of recoveries and retractions only."""
        fields = {
            "kind": rule.name,
            "subject": instance.subject,
            "instance": instance.name,
            "change": change,
            "stage": stage,
            "of": len(rule.delays),
            "abandoned_since": instance.abandoned_since,
            "cart": self._cart(rule, lines, link),
            "reason": reason,
            "retracts": retracts or [],
            "order_id": order_id,
        }
        identity = (rule.name, instance.number, change, stage)
        return moment.decide(ABANDONMENT_TRIGGERS, f"abandonment.{change}", rule.identity, identity, fields)

    def emit_stage(self, moment: Moment, rule: Rule, instance: Instance, cart: Cart | None, lines: list[Line]) -> None:
        """Send the next stage at moment.now and remember its id, so that it can be retracted. cart: that the lines are
        in, None of one product."""
        if not instance.stage_times:
            instance.abandoned_since = instance.last_activity
        stage = len(instance.stage_times) + 1
        link = self._link(rule, cart)
        decision = self.emit(moment, rule, instance, ABANDONED, stage, lines, instance.reason or None, link)
        instance.stage_times.append(moment.now)
        instance.stage_ids.append(decision.id)

    def _link(self, rule: Rule, cart: Cart | None) -> str:
        """Where the shopper finds the checkout again, or the cart; the other one, if that is not known."""
        if cart is None or cart.links is None or not self._values.links:
            return ""
        of_cart, of_checkout = cart.links
        return (of_checkout or of_cart) if rule.kind in OF_CHECKOUTS else (of_cart or of_checkout)

    def _cart(self, rule: Rule, lines: list[Line], link: str) -> dict[str, Any]:
        cart = self._values.render(lines)
        if link:
            cart["url"] = link
        local = self._values.local_total(lines)
        if local is not None:
            cart["local_total"] = local
        if self._free_shipping_from is not None and rule.kind not in OF_PRODUCTS:
            gap = max(0, self._free_shipping_from - self._values.total(lines))
            cart["gap_to_free_shipping"] = render(gap, self._values.currency)
        return cart
